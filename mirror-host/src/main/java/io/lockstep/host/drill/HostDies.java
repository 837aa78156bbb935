package io.lockstep.host.drill;

import io.lockstep.host.load.LoadReport;
import io.lockstep.host.rig.PairRig;
import io.lockstep.host.rig.ProcessFacts;
import io.lockstep.host.rig.RigException;
import io.lockstep.host.rig.Side;
import java.time.Duration;

/** F1: engine and QEMU of the running host get SIGKILL at a random moment, round after round; at last in the first full copy. */
final class HostDies implements Scenario {
    private static final int BETWEEN_MS = 700;
    private static final int INTO_COPY_MS = 40;
    private static final Duration DEAD_LIMIT = Duration.ofSeconds(5);

    @Override
    public void run(Stage stage) throws RigException {
        PairRig rig = stage.whole(stage.standard());
        stage.begin(
                "SIGKILL for engine and QEMU at " + stage.rounds() + " random moments",
                "the partner goes on, nothing lost or repeated");
        for (int round = 0; round < stage.rounds(); round++) {
            Side runner = killOnce(stage, rig);
            stage.say("  round " + (round + 1) + ": host " + runner.hostName() + " runs the guest, protected again");
        }
        LoadReport report = stage.verify();
        stage.pass(String.format(
                "%d takeovers over one TCP connection, %,d answers verified, longest gap %d ms",
                stage.rounds(), report.operations(), report.longestGapNs() / 1_000_000));
        inFullCopy(stage, rig);
    }

    private static Side killOnce(Stage stage, PairRig rig) throws RigException {
        Side runner = stage.awaitMoment(BETWEEN_MS);
        long term = rig.status(runner).term();
        long qemu = rig.host(runner).qemuPid();
        rig.kill(runner);
        stage.awaitTakeover(runner.other(), term);
        stage.check(!ProcessFacts.isRunning(qemu), "QEMU " + qemu + " of the killed host is still there");
        return stage.restart(runner);
    }

    /**
     * A replica that is not complete must not run. The runner must be host a, since host b is the one that may not start a guest on its
     * own account.
     */
    private static void inFullCopy(Stage stage, PairRig rig) throws RigException {
        stage.begin("the same during the first full copy", "the guest is lost, said so, nothing runs on the partner");
        if (stage.awaitProtected() == Side.B) {
            stage.switchover();
            stage.awaitProtected();
        }
        rig.kill(Side.B);
        stage.await("host a to go on alone", Stage.TAKEOVER_LIMIT, () -> rig.status(Side.A)
                .state()
                .equals("SIMPLEX"));
        stage.check(rig.host(Side.B).awaitEnd(DEAD_LIMIT), "host b did not end");
        rig.start(Side.B);
        stage.await("the full copy", Stage.PROTECT_LIMIT, () -> rig.status(Side.A)
                .state()
                .equals("SYNCING"));
        stage.pauseRandomly(INTO_COPY_MS);
        rig.kill(Side.A);
        long standby = rig.host(Side.B).qemuPid();
        rig.await(
                "host b to give the copy up",
                Stage.TAKEOVER_LIMIT,
                () -> rig.status(Side.B).isRunningGuest()
                        || rig.status(Side.B).state().equals("WAITING"));
        stage.pause(1000);
        String state = rig.status(Side.B).state();
        if (rig.host(Side.B).events().stream()
                .anyMatch(event -> event.path("to").asText().equals("READY"))) {
            stage.pass("the copy was finished before the kill came: not judged");
            stage.spoiled();
            return;
        }
        stage.check(
                !rig.status(Side.B).isRunningGuest() && state.equals("WAITING"),
                "host b must wait without a guest: " + rig.status(Side.B));
        stage.check(!ProcessFacts.isRunning(standby), "a half-filled QEMU is left on host b: process " + standby);
        stage.pass("host b: " + state + " (" + rig.status(Side.B).reason() + "), no QEMU left");
        stage.spoiled();
    }
}
