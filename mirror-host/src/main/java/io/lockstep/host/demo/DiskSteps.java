package io.lockstep.host.demo;

import com.fasterxml.jackson.databind.JsonNode;
import io.lockstep.host.load.LoadClient;
import io.lockstep.host.rig.DiskCheck;
import io.lockstep.host.rig.PairRig;
import io.lockstep.host.rig.RigException;
import io.lockstep.host.rig.Side;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What the demo does to the guest's disk: the local path of the host that runs the guest fails, then (on the other host) stands still. */
final class DiskSteps {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Duration RESYNC_LIMIT = Duration.ofSeconds(90);
    private static final int OPERATIONS = 100;

    /** Waits, and shows what goes on meanwhile. */
    interface Watch {
        void await(String what, Duration limit, java.util.function.BooleanSupplier condition) throws RigException;
    }

    private final PairRig rig;
    private final LoadClient client;
    private final LiveView view;
    private final DemoReport report;
    private final Watch watch;
    private final List<DiskFault> faults = new ArrayList<>();

    DiskSteps(PairRig rig, LoadClient client, LiveView view, DemoReport report, Watch watch) {
        this.rig = rig;
        this.client = client;
        this.view = view;
        this.report = report;
        this.watch = watch;
    }

    /** Both faults, each followed by a move to the other host, which makes the copy that was left whole again. */
    List<DiskFault> run() throws RigException {
        oneFault("every request answered with an error", false);
        oneFault("no request answered any more", true);
        return faults;
    }

    private void oneFault(String what, boolean stall) throws RigException {
        Side side = protectedSide();
        DiskCheck.Load before = sound();
        client.takeGapNs();
        view.say("NOW: the local path of the disk on host " + side.hostName() + ", which runs the guest: " + what);
        long startNs = System.nanoTime();
        if (stall) {
            rig.disk(side).stall();
        } else {
            rig.disk(side).fail();
        }
        watch.await(
                "host " + side.hostName() + " to leave its copy",
                LIMIT,
                () -> rig.status(side).disk().path("copy").asText().equals("left"));
        double noticedMs = (System.nanoTime() - startNs) / 1e6;
        DiskCheck.Load after = awaitOperations(before.operations() + OPERATIONS);
        JsonNode disk = rig.status(side).disk();
        if (rig.runner() != side) {
            throw new RigException("the guest should have stayed on host " + side.hostName());
        }
        DiskFault fault = new DiskFault(
                side.hostName(),
                what,
                noticedMs,
                client.takeGapNs() / 1e6,
                after.operations() - before.operations(),
                disk);
        faults.add(fault);
        report.diskFault(fault);
        view.say(String.format(
                Locale.ROOT,
                "the guest noticed nothing: %,d more disk operations, %,d reads by way of host %s, longest gap %.0f ms",
                fault.operations(),
                fault.counter("readsAway"),
                side.other().hostName(),
                fault.gapMs()));
        mend(side);
    }

    /** The path works again; a planned move makes its copy the one that follows, and so whole. */
    private void mend(Side side) throws RigException {
        rig.disk(side).heal();
        view.say("the path works again; moving the guest to host "
                + side.other().hostName() + ", host " + side.hostName() + " copies what its disk missed ...");
        rig.host(side).ask("switchover", LIMIT);
        watch.await("host " + side.other().hostName() + " to run the guest", LIMIT, () -> rig.runner() == side.other());
        Side now = protectedSide();
        view.say("PROTECTED again, host " + now.hostName() + " runs the guest");
    }

    private Side protectedSide() throws RigException {
        long sinceNs = System.nanoTime();
        watch.await("the guest to be protected", RESYNC_LIMIT, () -> rig.protectedSince(sinceNs) != null);
        return rig.runner();
    }

    private DiskCheck.Load awaitOperations(long wanted) throws RigException {
        DiskCheck.Load load = sound();
        long startNs = System.nanoTime();
        while (load.operations() < wanted) {
            if (System.nanoTime() - startNs > LIMIT.toNanos()) {
                throw new RigException("the guest's disk stands still: " + load);
            }
            long again = System.nanoTime() + 100_000_000L;
            watch.await("a moment", LIMIT, () -> System.nanoTime() - again > 0);
            load = sound();
        }
        return load;
    }

    /** What diskload says, if it found nothing wrong. */
    private DiskCheck.Load sound() throws RigException {
        return sound(rig);
    }

    static DiskCheck.Load sound(PairRig rig) throws RigException {
        DiskCheck.Load load = DiskCheck.ask(rig, LIMIT);
        if (load.failures() != 0) {
            throw new RigException(
                    "the guest found its disk wrong, " + load.failures() + " times; first: " + load.first());
        }
        return load;
    }
}
