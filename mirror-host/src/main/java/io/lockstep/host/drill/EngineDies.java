package io.lockstep.host.drill;

import io.lockstep.host.load.LoadReport;
import io.lockstep.host.rig.PairRig;
import io.lockstep.host.rig.ProcessFacts;
import io.lockstep.host.rig.RigException;
import io.lockstep.host.rig.Side;
import java.time.Duration;

/** F3: only the engine gets SIGKILL. A guest without its engine must not live on: its output would be held by nobody. */
final class EngineDies implements Scenario {
    private static final int ROUNDS = 3;

    @Override
    public void run(Stage stage) throws RigException {
        PairRig rig = stage.whole(stage.standard());
        stage.begin("SIGKILL for the engine, " + ROUNDS + " times", "its QEMU dies with it, the partner takes over");
        for (int round = 0; round < ROUNDS; round++) {
            Side runner = stage.awaitMoment(500);
            long term = rig.status(runner).term();
            long qemu = rig.host(runner).qemuPid();
            rig.host(runner).killEngine();
            stage.await(
                    "QEMU " + qemu + " to die with its engine",
                    Duration.ofSeconds(3),
                    () -> !ProcessFacts.isRunning(qemu));
            stage.awaitTakeover(runner.other(), term);
            stage.restart(runner);
        }
        LoadReport report = stage.verify();
        stage.pass(String.format("no orphan, %,d answers verified", report.operations()));
    }
}
