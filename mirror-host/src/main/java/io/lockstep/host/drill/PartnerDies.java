package io.lockstep.host.drill;

import io.lockstep.host.load.LoadReport;
import io.lockstep.host.rig.PairRig;
import io.lockstep.host.rig.RigException;
import io.lockstep.host.rig.Side;

/** F6: the secondary dies, returns, and is needed. */
final class PartnerDies implements Scenario {
    /** Of which 80 ms are the detection time; the rest is the time until the rig sees it on a busy machine. */
    private static final long ALONE_LIMIT_MS = 1_000;

    @Override
    public void run(Stage stage) throws RigException {
        PairRig rig = stage.whole(stage.standard());
        stage.begin("SIGKILL for the secondary's host", "the guest goes on alone within the detection time");
        Side runner = stage.awaitMoment(300);
        long killedMs = System.currentTimeMillis();
        rig.kill(runner.other());
        stage.await("the guest to go on alone", Stage.TAKEOVER_LIMIT, () -> rig.status(runner)
                .state()
                .equals("SIMPLEX"));
        stage.await("the event", Stage.TAKEOVER_LIMIT, () -> aloneAtMs(rig, runner, killedMs) > 0);
        long aloneMs = aloneAtMs(rig, runner, killedMs) - killedMs;
        stage.check(aloneMs <= ALONE_LIMIT_MS, "alone only after " + aloneMs + " ms");
        stage.awaitAnswers();
        stage.pass("alone after " + aloneMs + " ms, the client went on");

        stage.begin("it returns, and the other host gets SIGKILL", "protected by itself, then takes over");
        stage.restart(runner.other());
        Side now = stage.awaitMoment(300);
        long term = rig.status(now).term();
        rig.kill(now);
        stage.awaitTakeover(now.other(), term);
        stage.restart(now);
        LoadReport report = stage.verify();
        stage.pass(String.format("protected again and taken over, %,d answers verified", report.operations()));
    }

    private static long aloneAtMs(PairRig rig, Side runner, long sinceMs) {
        return rig.host(runner).events().stream()
                .filter(event -> event.path("to").asText().equals("SIMPLEX")
                        && event.path("timeMs").asLong() >= sinceMs)
                .mapToLong(event -> event.path("timeMs").asLong())
                .findFirst()
                .orElse(0);
    }
}
