package io.lockstep.host.drill;

import io.lockstep.host.load.LoadReport;
import io.lockstep.host.rig.PairRig;
import io.lockstep.host.rig.RigException;
import io.lockstep.host.rig.Side;

/** F11: the guest is moved on request, again and again, while the client works. */
final class Switchover implements Scenario {
    private static final int MOVES = 4;

    @Override
    public void run(Stage stage) throws RigException {
        PairRig rig = stage.whole(stage.standard());
        stage.begin("nothing: " + MOVES + " switchovers under load", "the guest moves, protected again each time");
        long worstNs = 0;
        for (int move = 0; move < MOVES; move++) {
            Side runner = stage.awaitProtected();
            stage.pauseRandomly(300);
            long term = rig.status(runner).term();
            stage.client().takeGapNs();
            rig.host(runner).ask("switchover", Stage.TAKEOVER_LIMIT);
            stage.await(
                    "host " + runner.other().hostName() + " to run the guest",
                    Stage.TAKEOVER_LIMIT,
                    () -> rig.status(runner.other()).isRunningGuest()
                            && rig.status(runner.other()).term() > term);
            stage.awaitAnswers();
            worstNs = Math.max(worstNs, stage.client().takeGapNs());
            stage.awaitProtected();
        }
        LoadReport report = stage.verify();
        stage.pass(String.format(
                "%d moves, client's longest gap %d ms, %,d answers verified",
                MOVES, worstNs / 1_000_000, report.operations()));
    }
}
