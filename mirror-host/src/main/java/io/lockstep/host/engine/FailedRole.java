package io.lockstep.host.engine;

import io.lockstep.host.HostEvent;
import io.lockstep.host.VmStatus;
import io.lockstep.mirror.failover.MirrorState;
import java.nio.channels.Selector;
import java.util.Map;

/** The end: nothing runs here, and the reason says why. */
final class FailedRole implements Role {
    private final VmContext context;
    private final MirrorState state;
    private final String why;

    FailedRole(VmContext context, String why) {
        this(context, MirrorState.FAILED, why);
        context.events()
                .accept(new HostEvent.StateChanged(
                        context.vm(),
                        VmStatus.Role.STARTING,
                        MirrorState.STARTING,
                        MirrorState.FAILED,
                        why,
                        System.currentTimeMillis()));
    }

    FailedRole(VmContext context, MirrorState state, String why) {
        this.context = context;
        this.state = state;
        this.why = why;
    }

    @Override
    public int doWork(long nowNs) {
        return 0;
    }

    @Override
    public Role next(long nowNs) {
        return this;
    }

    @Override
    public void register(Selector selector) {}

    @Override
    public VmStatus status() {
        return new VmStatus(
                context.vm(),
                VmStatus.Role.STARTING,
                state,
                why,
                context.arbiter().highestTerm(),
                0,
                -1,
                "",
                "",
                0,
                Map.of(),
                VmStatus.Pause.NONE,
                null,
                null);
    }

    @Override
    public void close() {}
}
