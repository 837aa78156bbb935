package io.lockstep.host.drill;

import io.lockstep.host.rig.PairRig;
import io.lockstep.host.rig.RigException;
import io.lockstep.host.rig.Side;
import java.nio.file.Files;

/** F7: the partner may not reserve as much as the guest needs: refused before anything starts, with the numbers. */
final class TooLittleMemory implements Scenario {
    @Override
    public void run(Stage stage) throws RigException {
        stage.begin("host b may reserve 64 MiB, the guest has 128", "refused before anything starts, with the numbers");
        PairRig rig = stage.empty(stage.standard().withMemoryLimit(Side.B, "64m"));
        rig.startBoth();
        stage.await(
                "the refusal",
                Stage.PROTECT_LIMIT,
                () -> rig.status(Side.A).state().equals("FAILED")
                        || !rig.host(Side.A).isAlive());
        String reason = rig.status(Side.A).reason();
        stage.check(
                reason.contains("refused") && reason.matches("(?s).*\\d.*"),
                "the reason must tell the refusal and the numbers: '" + reason + "'");
        stage.check(
                rig.host(Side.A).qemuPid() <= 0,
                "host a started QEMU " + rig.host(Side.A).qemuPid());
        stage.check(
                rig.host(Side.B).qemuPid() <= 0,
                "host b started QEMU " + rig.host(Side.B).qemuPid());
        stage.check(!Files.exists(rig.host(Side.A).consoleLog()), "the guest was started");
        stage.check(rig.host(Side.B).isAlive(), "host b ended");
        stage.pass(reason);
        stage.spoiled();
    }
}
