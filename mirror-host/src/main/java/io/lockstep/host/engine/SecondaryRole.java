package io.lockstep.host.engine;

import io.lockstep.host.HostEvent;
import io.lockstep.host.HostReceipt;
import io.lockstep.host.VmStatus;
import io.lockstep.mirror.SecondaryMirror;
import io.lockstep.mirror.failover.MirrorState;
import io.lockstep.mirror.spi.FramePort;
import io.lockstep.transport.tcp.TcpInterconnect;
import java.nio.channels.Selector;

/** A replica of the guest is here, or could be. */
final class SecondaryRole implements Role {
    private static final FramePort.Handler DROP = (buffer, offset, length) -> {};
    private static final int FRAMES_PER_CALL = 64;

    private final VmContext context;
    private final VmEngine engine;
    private final TcpInterconnect link;
    private final RoleListener listener;
    private final SecondaryMirror mirror;
    private PreparedStandby standby;
    private boolean handedOver;

    SecondaryRole(VmContext context, VmEngine engine, long nowNs) {
        this.context = context;
        this.engine = engine;
        this.link =
                context.acceptor().interconnect(context.vm(), context.config().partner());
        this.listener = new RoleListener(context, VmStatus.Role.SECONDARY);
        this.mirror = new SecondaryMirror(
                context.vm(),
                (vm, pageCount, guest) -> {
                    standby = PreparedStandby.prepare(context, engine, pageCount, guest);
                    return standby;
                },
                link,
                context.arbiter(),
                context.heartbeat(),
                context.config().policy(),
                listener,
                nowNs);
        context.events()
                .accept(new HostEvent.StateChanged(
                        context.vm(),
                        VmStatus.Role.SECONDARY,
                        MirrorState.WAITING,
                        MirrorState.WAITING,
                        "this host is ready to protect the guest",
                        System.currentTimeMillis()));
    }

    @Override
    public int doWork(long nowNs) {
        // The outside must not find a queue of old frames here after a failover.
        int dropped = context.uplink().poll(DROP, FRAMES_PER_CALL);
        int disk = standby == null ? 0 : standby.workOnDisk(nowNs);
        return mirror.doWork(nowNs) + dropped + disk;
    }

    @Override
    public Role next(long nowNs) {
        MirrorState state = mirror.state();
        if (!state.isFinal()) {
            return this;
        }
        if (state != MirrorState.LIVE) {
            String why = mirror.reason();
            close();
            return new FailedRole(context, state, why);
        }
        return goPrimary(nowNs);
    }

    private Role goPrimary(long nowNs) {
        HostReceipt receipt = HostReceipt.of(
                listener.receipt(), context.config().partner(), context.config().host());
        handedOver = true;
        Role primary =
                new PrimaryRole(context, engine, standby.running(), standby.link(), mirror.term(), receipt, nowNs);
        context.events().accept(new HostEvent.ReceiptReady(context.vm(), receipt));
        link.close();
        standby.link().start();
        return primary;
    }

    @Override
    public void failover() {
        mirror.failover("failover was asked for");
    }

    @Override
    public void register(Selector selector) {
        link.register(selector);
        if (standby != null) {
            standby.register(selector);
        }
    }

    @Override
    public VmStatus status() {
        return new VmStatus(
                context.vm(),
                VmStatus.Role.SECONDARY,
                mirror.state(),
                mirror.reason(),
                mirror.term(),
                mirror.epoch(),
                standby == null ? -1 : standby.pid(),
                "",
                link.isUp() ? "up" : "down: " + link.downReason(),
                0,
                mirror.counters().byName(),
                VmStatus.Pause.NONE,
                null,
                standby == null ? null : standby.diskStatus());
    }

    @Override
    public void close() {
        if (!handedOver) {
            link.close();
            if (standby != null) {
                standby.discard("this host ends");
            }
        }
    }
}
