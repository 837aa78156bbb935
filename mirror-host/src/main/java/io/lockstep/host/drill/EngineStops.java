package io.lockstep.host.drill;

import io.lockstep.host.load.LoadReport;
import io.lockstep.host.rig.PairRig;
import io.lockstep.host.rig.ProcessFacts;
import io.lockstep.host.rig.RigException;
import io.lockstep.host.rig.Side;

/** F4: the engine is stopped for longer than the detection time, and continued when its partner is live. It must keep silent. */
final class EngineStops implements Scenario {
    private static final int ROUNDS = 2;

    @Override
    public void run(Stage stage) throws RigException {
        PairRig rig = stage.whole(stage.standard());
        stage.begin(
                "SIGSTOP for the engine, SIGCONT when the partner is live, " + ROUNDS + " times",
                "the old host puts no frame on its tap and steps down");
        for (int round = 0; round < ROUNDS; round++) {
            stopOnce(stage, rig);
        }
        LoadReport report = stage.verify();
        stage.pass(String.format("0 frames after the stop, stepped down, %,d answers verified", report.operations()));
    }

    private static void stopOnce(Stage stage, PairRig rig) throws RigException {
        Side runner = stage.awaitMoment(500);
        long term = rig.status(runner).term();
        long qemu = rig.host(runner).qemuPid();
        rig.host(runner).freeze();
        long frames = rig.framesFrom(runner);
        try {
            stage.awaitTakeover(runner.other(), term);
            stage.pauseRandomly(500);
        } finally {
            rig.host(runner).thaw();
        }
        stage.await(
                "host " + runner.hostName() + " to step down",
                Stage.TAKEOVER_LIMIT,
                () -> rig.status(runner).isPresent()
                        && !rig.status(runner).isRunningGuest()
                        && !ProcessFacts.isRunning(qemu));
        stage.awaitProtected();
        long more = rig.framesFrom(runner) - frames;
        stage.check(more == 0, "host " + runner.hostName() + " released " + more + " frames after it was stopped");
        stage.check(rig.host(runner).isAlive(), "the engine of host " + runner.hostName() + " ended");
        stage.requireClient();
    }
}
