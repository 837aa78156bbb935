package io.lockstep.host.engine;

import io.lockstep.host.HostEvent;
import io.lockstep.host.VmStatus;
import io.lockstep.mirror.MirrorListener;
import io.lockstep.mirror.failover.MirrorState;
import io.lockstep.mirror.verify.FailoverReceipt;

/** Turns what the core says into host events. Engine thread only. */
final class RoleListener implements MirrorListener {
    private final VmContext context;
    private final VmStatus.Role role;
    private final PauseStatistics pauses = new PauseStatistics();
    private FailoverReceipt receipt;

    RoleListener(VmContext context, VmStatus.Role role) {
        this.context = context;
        this.role = role;
    }

    PauseStatistics pauses() {
        return pauses;
    }

    /** The receipt of the takeover, or null. */
    FailoverReceipt receipt() {
        return receipt;
    }

    @Override
    public void onTransition(MirrorState from, MirrorState to, String reason, long nowNs) {
        if (to == MirrorState.PROTECTED) {
            // The first copy of the whole guest says nothing about the pauses that follow.
            pauses.clear();
        }
        context.events()
                .accept(new HostEvent.StateChanged(context.vm(), role, from, to, reason, System.currentTimeMillis()));
    }

    @Override
    public void onCaptured(long epoch, long pages, long stopNs, long copyNs, long pauseNs) {
        pauses.record(pages, stopNs, copyNs, pauseNs);
    }

    @Override
    public void onNotice(String notice) {
        context.notice(notice);
    }

    @Override
    public void onTakenOver(FailoverReceipt taken) {
        receipt = taken;
    }
}
