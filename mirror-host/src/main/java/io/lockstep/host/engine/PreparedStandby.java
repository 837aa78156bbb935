package io.lockstep.host.engine;

import io.lockstep.hypervisor.dirty.DirtyTrackers;
import io.lockstep.hypervisor.dirty.ShimSession;
import io.lockstep.hypervisor.qemu.GuestSpec;
import io.lockstep.hypervisor.qemu.QemuStandby;
import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.spi.DirtyTracker;
import io.lockstep.mirror.spi.GuestVm;
import io.lockstep.mirror.spi.StandbyVm;
import java.io.IOException;
import java.nio.channels.Selector;
import java.nio.file.Files;
import java.util.Map;
import java.util.function.Consumer;
import org.agrona.DirectBuffer;

/** A QEMU standby together with what belongs to it on this host: the promised memory and the shim's session. */
final class PreparedStandby implements StandbyVm {
    private final VmContext context;
    private final GuestSpec spec;
    private final ShimSession shim;
    private final QemuStandby standby;
    private DirtyTracker tracker;
    private PrimaryLink link;

    private PreparedStandby(VmContext context, GuestSpec spec, ShimSession shim, QemuStandby standby) {
        this.context = context;
        this.spec = spec;
        this.shim = shim;
        this.standby = standby;
    }

    /**
     * Promises the memory and starts to prepare.
     *
     * @throws IllegalArgumentException with every reason why this host does not take the guest
     */
    static PreparedStandby prepare(VmContext context, long pageCount, byte[] guest) {
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
                    context, spec, shim, QemuStandby.prepare(local, context.directory(), environment));
        } catch (IOException e) {
            context.ledger().release(context.vm());
            throw new IllegalArgumentException("cannot prepare a standby: " + e.getMessage(), e);
        }
    }

    /**
     * Gets ready what the guest needs once it runs here, so that a takeover does not wait for it. Legal once READY.
     *
     * @throws IOException if written pages cannot be tracked as configured
     */
    void equip(Runnable wakeUp, Consumer<Throwable> onError) throws IOException {
        tracker = DirtyTrackers.choose(
                context.config().tracker(),
                shim,
                standby.pid(),
                standby.memory(),
                context.directory().resolve("ram"),
                context::notice);
        link = new PrimaryLink(context, spec.toJson(), spec.memoryBytes(), wakeUp, onError);
    }

    /** True once {@link #equip} was called. */
    boolean isEquipped() {
        return link != null;
    }

    /** The guest that was taken over, with everything that belongs to it. */
    RunningGuest running() {
        context.ledger().release(context.vm());
        return new RunningGuest(spec, standby.guest(), shim, tracker);
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

    @Override
    public Phase poll() {
        return standby.poll();
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
        return standby.problem();
    }

    @Override
    public void discard(String reason) {
        if (link != null) {
            link.close();
            tracker.close();
        }
        standby.discard(reason);
        Closing.quietly(shim);
        context.ledger().release(context.vm());
    }
}
