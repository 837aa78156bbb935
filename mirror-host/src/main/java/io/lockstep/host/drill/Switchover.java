package io.lockstep.host.drill;

import io.lockstep.host.load.LoadReport;
import io.lockstep.host.rig.RigException;

/** F11: the guest is moved on request, again and again, while the client works. */
final class Switchover implements Scenario {
    private static final int MOVES = 4;

    @Override
    public void run(Stage stage) throws RigException {
        stage.whole(stage.standard());
        stage.begin("nothing: " + MOVES + " switchovers under load", "the guest moves, protected again each time");
        long worstNs = 0;
        for (int move = 0; move < MOVES; move++) {
            stage.awaitMoment(300);
            stage.client().takeGapNs();
            stage.switchover();
            stage.awaitAnswers();
            worstNs = Math.max(worstNs, stage.client().takeGapNs());
        }
        LoadReport report = stage.verify();
        stage.pass(String.format(
                "%d moves, client's longest gap %d ms, %,d answers verified",
                MOVES, worstNs / 1_000_000, report.operations()));
    }
}
