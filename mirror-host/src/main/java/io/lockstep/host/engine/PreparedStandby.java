package io.lockstep.host.engine;

import io.lockstep.host.VmStatus;
import io.lockstep.host.disk.HostDisk;
import io.lockstep.hypervisor.dirty.DirtyTrackers;
import io.lockstep.hypervisor.dirty.ShimSession;
import io.lockstep.hypervisor.qemu.GuestSpec;
import io.lockstep.hypervisor.qemu.QemuGuest;
import io.lockstep.hypervisor.qemu.QemuStandby;
import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.spi.DirtyTracker;
import io.lockstep.mirror.spi.GuestVm;
import io.lockstep.mirror.spi.NoDisk;
import io.lockstep.mirror.spi.ReplicaDisk;
import io.lockstep.mirror.spi.StandbyVm;
import java.io.IOException;
import java.nio.channels.Selector;
import java.nio.file.Files;
import java.util.Map;
import org.agrona.DirectBuffer;

/** A QEMU standby together with what belongs to it on this host: the promised memory and the shim's session. */
final class PreparedStandby implements StandbyVm {
    private final VmContext context;
    private final GuestSpec spec;
    private final ShimSession shim;
    private final HostDisk disk;
    private final VmEngine engine;
    private final long startedNs = System.nanoTime();
    private QemuStandby standby;
    private DirtyTracker tracker;
    private PrimaryLink link;
    private QemuGuest guest;
    private String problem = "";

    private PreparedStandby(VmContext context, VmEngine engine, GuestSpec spec, ShimSession shim, HostDisk disk) {
        this.context = context;
        this.engine = engine;
        this.spec = spec;
        this.shim = shim;
        this.disk = disk;
    }

    /**
     * Promises the memory and starts to prepare.
     *
     * @throws IllegalArgumentException with every reason why this host does not take the guest
     */
    static PreparedStandby prepare(VmContext context, VmEngine engine, long pageCount, byte[] guest) {
        try {
            GuestSpec spec = GuestSpec.fromJson(guest);
            if (spec.memoryBytes() != pageCount * PageRegion.PAGE_SIZE) {
                throw new IllegalArgumentException(
                        "guest of " + spec.memoryBytes() + " bytes announced with " + pageCount + " pages");
            }
            context.ledger().reserve(context.vm(), spec.memoryBytes());
            HostDisk disk = context.openDisk(spec, engine::wakeUp);
            Files.createDirectories(context.directory());
            ShimSession shim =
                    new ShimSession(context.directory().resolve("ram"), spec.memoryBytes(), context.directory());
            PreparedStandby prepared = new PreparedStandby(context, engine, spec, shim, disk);
            if (disk == null) {
                prepared.startStandby();
            }
            return prepared;
        } catch (IOException e) {
            context.ledger().release(context.vm());
            throw new IllegalArgumentException("cannot prepare a standby: " + e.getMessage(), e);
        }
    }

    private void startStandby() {
        Map<String, String> environment = shim.supported().ok() ? shim.environment() : Map.of();
        standby = QemuStandby.prepare(context.local(spec, true), context.directory(), environment);
    }

    /** Gives the disk its share of the thread; QEMU wants to read from it as soon as it starts. */
    int workOnDisk(long nowNs) {
        if (disk == null || !problem.isEmpty()) {
            return 0;
        }
        int work = disk.doWork(nowNs);
        if (disk.phase() == HostDisk.Phase.FAILED) {
            fail(disk.problem());
        } else if (standby == null && disk.phase() == HostDisk.Phase.READY) {
            startStandby();
        }
        return work;
    }

    VmStatus.Disk diskStatus() {
        return disk == null ? null : disk.status();
    }

    /** The guest that was taken over, with everything that belongs to it. */
    RunningGuest running() {
        context.ledger().release(context.vm());
        guest = standby.guest();
        return new RunningGuest(spec, guest, shim, tracker, disk);
    }

    /** The way to the next partner, not started. */
    PrimaryLink link() {
        return link;
    }

    long pid() {
        return standby == null ? -1 : standby.pid();
    }

    void register(Selector selector) {
        if (standby != null) {
            standby.register(selector);
        }
        if (disk != null) {
            disk.register(selector);
        }
    }

    /** READY only with everything that a takeover needs, so that it does not wait for any of it. */
    @Override
    public Phase poll() {
        if (problem.isEmpty() && standby == null) {
            return Phase.PREPARING;
        }
        Phase phase = problem.isEmpty() ? standby.poll() : Phase.FAILED;
        if (phase != Phase.READY || link != null) {
            return phase;
        }
        if (context.heartbeat().peerSeenNs() == Long.MIN_VALUE) {
            return awaitPartnerOnStorage();
        }
        try {
            equip();
            return Phase.READY;
        } catch (IOException e) {
            return fail("this host could not protect the guest in its turn: " + e.getMessage());
        }
    }

    /** Two hosts with two directories would both win every term: whoever is not seen there is not trusted to see this host. */
    private Phase awaitPartnerOnStorage() {
        if (System.nanoTime() - startedNs < context.config().policy().copyPatienceNs()) {
            return Phase.PREPARING;
        }
        return fail("host " + context.config().partner() + " does not beat in "
                + context.config().arbiterDir() + ": do both hosts see the same arbiter directory?");
    }

    private Phase fail(String why) {
        problem = why;
        return Phase.FAILED;
    }

    private void equip() throws IOException {
        tracker = DirtyTrackers.choose(
                context.config().tracker(),
                shim,
                standby.pid(),
                standby.memory(),
                context.directory().resolve("ram"),
                () -> guest != null && guest.isPaused(),
                context::notice);
        link = new PrimaryLink(context, spec.toJson(), spec.memoryBytes(), engine::wakeUp, engine::fail);
    }

    @Override
    public PageRegion memory() {
        return standby.memory();
    }

    @Override
    public PageRegion staging() {
        return standby.staging();
    }

    @Override
    public ReplicaDisk disk() {
        return disk == null ? NoDisk.NONE : disk.replica();
    }

    @Override
    public void activate(byte[] baseline, DirectBuffer state, int length) {
        standby.activate(baseline, state, length);
    }

    @Override
    public GuestVm asGuest() {
        return standby.asGuest();
    }

    @Override
    public String problem() {
        return problem.isEmpty() && standby != null ? standby.problem() : problem;
    }

    @Override
    public void discard(String reason) {
        Closing.quietly(link);
        Closing.quietly(tracker);
        if (standby != null) {
            standby.discard(reason);
        }
        Closing.quietly(disk);
        Closing.quietly(shim);
        context.ledger().release(context.vm());
    }
}
