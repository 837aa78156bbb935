package io.lockstep.host.engine;

import io.lockstep.host.HostEvent;
import io.lockstep.host.HostReceipt;
import io.lockstep.host.VmStatus;
import io.lockstep.mirror.PrimaryMirror;
import io.lockstep.mirror.PrimaryParts;
import io.lockstep.mirror.failover.MirrorState;
import io.lockstep.mirror.spi.FramePort;
import java.nio.channels.Selector;
import java.util.concurrent.ThreadLocalRandom;
import org.agrona.DirectBuffer;

/** The guest runs here. */
final class PrimaryRole implements Role {
    private static final long NS_PER_US = 1_000;

    private final VmContext context;
    private final VmEngine engine;
    private final RunningGuest running;
    private final PrimaryLink link;
    private final RoleListener listener;
    private final PrimaryMirror mirror;
    private HostReceipt receipt;
    private boolean closed;

    /**
     * Takes over a running guest and a link.
     *
     * @param term the term this host holds
     * @param receipt of the failover that brought the guest here, or null
     */
    PrimaryRole(
            VmContext context,
            VmEngine engine,
            RunningGuest running,
            PrimaryLink link,
            long term,
            HostReceipt receipt,
            long nowNs) {
        this.context = context;
        this.engine = engine;
        this.running = running;
        this.link = link;
        this.receipt = receipt;
        this.listener = new RoleListener(context, VmStatus.Role.PRIMARY);
        FramePort uplink = receipt == null ? context.uplink() : new FirstFrame(context.uplink(), nowNs);
        PrimaryParts parts = new PrimaryParts(
                context.vm(),
                running.guest(),
                running.tracker(),
                running.guestDisk(),
                running.guest().nic(),
                uplink,
                link.window(),
                link.board(),
                context.arbiter(),
                link.counters(),
                PrimaryRole::freshId);
        this.mirror = new PrimaryMirror(parts, context.config().policy(), listener, term, nowNs);
    }

    private static long freshId() {
        return ThreadLocalRandom.current().nextLong() | 1;
    }

    @Override
    public int doWork(long nowNs) {
        int disk = running.workOnDisk(nowNs);
        int work = mirror.doWork(nowNs);
        if (work > 0) {
            link.wakeUp();
        }
        return work + disk;
    }

    @Override
    public Role next(long nowNs) {
        MirrorState state = mirror.state();
        if (!state.isFinal() || (state == MirrorState.POWERED_OFF && !running.isDiskSettled())) {
            return this;
        }
        String why = mirror.reason();
        close();
        if (state == MirrorState.STEPPED_DOWN) {
            return new SecondaryRole(context, engine, nowNs);
        }
        return new FailedRole(context, state, why);
    }

    @Override
    public void register(Selector selector) {
        running.register(selector);
    }

    @Override
    public void switchover() {
        mirror.switchover();
    }

    @Override
    public void unprotect() {
        mirror.unprotect("unprotect was asked for");
    }

    @Override
    public void protect() {
        mirror.protect();
    }

    @Override
    public VmStatus status() {
        return new VmStatus(
                context.vm(),
                VmStatus.Role.PRIMARY,
                mirror.state(),
                mirror.reason(),
                mirror.term(),
                mirror.epoch(),
                running.guest().pid(),
                running.tracker().name(),
                link.status(),
                link.board().roundTripNs() / NS_PER_US,
                mirror.counters().byName(),
                listener.pauses().summary(),
                receipt,
                running.disk() == null ? null : running.disk().status());
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            link.close();
            running.close();
        }
    }

    /** The uplink, with a look at the clock when the first frame leaves after a failover. */
    private final class FirstFrame implements FramePort {
        private final FramePort uplink;
        private final long liveNs;
        private boolean seen;

        FirstFrame(FramePort uplink, long liveNs) {
            this.uplink = uplink;
            this.liveNs = liveNs;
        }

        @Override
        public int poll(Handler handler, int limit) {
            return uplink.poll(handler, limit);
        }

        @Override
        public boolean offer(DirectBuffer buffer, int offset, int length) {
            boolean taken = uplink.offer(buffer, offset, length);
            if (taken && !seen) {
                seen = true;
                receipt = receipt.withFirstFrame(System.nanoTime() - liveNs);
                context.events().accept(new HostEvent.ReceiptReady(context.vm(), receipt));
            }
            return taken;
        }
    }
}
