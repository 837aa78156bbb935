package io.lockstep.host.engine;

import io.lockstep.hypervisor.dirty.DirtyTrackers;
import io.lockstep.hypervisor.dirty.ShimSession;
import io.lockstep.hypervisor.qemu.GuestSpec;
import io.lockstep.hypervisor.qemu.QemuGuest;
import io.lockstep.hypervisor.qemu.QemuStandby;
import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.spi.DirtyTracker;
import io.lockstep.mirror.spi.GuestVm;
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
    private final QemuStandby standby;
    private final VmEngine engine;
    private final long startedNs = System.nanoTime();
    private DirtyTracker tracker;
    private PrimaryLink link;
    private QemuGuest guest;
    private String problem = "";

    private PreparedStandby(VmContext context, VmEngine engine, GuestSpec spec, ShimSession shim, QemuStandby standby) {
        this.context = context;
        this.engine = engine;
        this.spec = spec;
        this.shim = shim;
        this.standby = standby;
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
            Files.createDirectories(context.directory());
            ShimSession shim =
                    new ShimSession(context.directory().resolve("ram"), spec.memoryBytes(), context.directory());
            Map<String, String> environment = shim.supported().ok() ? shim.environment() : Map.of();
            GuestSpec local = spec.withSerialLog(VmEngine.consoleLog(context));
            return new PreparedStandby(
                    context, engine, spec, shim, QemuStandby.prepare(local, context.directory(), environment));
        } catch (IOException e) {
            context.ledger().release(context.vm());
            throw new IllegalArgumentException("cannot prepare a standby: " + e.getMessage(), e);
        }
    }

    /** The guest that was taken over, with everything that belongs to it. */
    RunningGuest running() {
        context.ledger().release(context.vm());
        guest = standby.guest();
        return new RunningGuest(spec, guest, shim, tracker);
    }

    /** The way to the next partner, not started. */
    PrimaryLink link() {
        return link;
    }

    long pid() {
        return standby.pid();
    }

    void register(Selector selector) {
        standby.register(selector);
    }

    /** READY only with everything that a takeover needs, so that it does not wait for any of it. */
    @Override
    public Phase poll() {
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
    public void activate(byte[] baseline, DirectBuffer state, int length) {
        standby.activate(baseline, state, length);
    }

    @Override
    public GuestVm asGuest() {
        return standby.asGuest();
    }

    @Override
    public String problem() {
        return problem.isEmpty() ? standby.problem() : problem;
    }

    @Override
    public void discard(String reason) {
        Closing.quietly(link);
        Closing.quietly(tracker);
        standby.discard(reason);
        Closing.quietly(shim);
        context.ledger().release(context.vm());
    }
}
