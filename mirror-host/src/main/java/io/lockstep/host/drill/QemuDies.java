package io.lockstep.host.drill;

import io.lockstep.host.load.LoadReport;
import io.lockstep.host.rig.PairRig;
import io.lockstep.host.rig.RigException;
import io.lockstep.host.rig.Side;

/** F2: only the guest's QEMU gets SIGKILL. The engine lives, hands the guest over, and becomes the secondary by itself. */
final class QemuDies implements Scenario {
    private static final int ROUNDS = 3;

    @Override
    public void run(Stage stage) throws RigException {
        PairRig rig = stage.whole(stage.standard());
        stage.begin(
                "SIGKILL for the guest's QEMU, " + ROUNDS + " times",
                "the partner takes over, the old host protects it by itself");
        for (int round = 0; round < ROUNDS; round++) {
            Side runner = stage.awaitMoment(500);
            long term = rig.status(runner).term();
            long engine = rig.host(runner).pid();
            rig.host(runner).killQemu();
            stage.awaitTakeover(runner.other(), term);
            stage.awaitProtected();
            stage.check(
                    rig.host(runner).isAlive() && rig.host(runner).pid() == engine,
                    "the engine of host " + runner.hostName() + " died with its QEMU");
        }
        LoadReport report = stage.verify();
        stage.pass(String.format("protected again each time, %,d answers verified", report.operations()));
    }
}
