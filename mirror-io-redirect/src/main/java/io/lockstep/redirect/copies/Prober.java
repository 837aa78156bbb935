package io.lockstep.redirect.copies;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.IoBuffer;

/**
 * Asks copies that failed whether they work again. Only when nothing of before is on its way to them any more: a write stuck there
 * must not land after newer ones. A copy that failed again soon is asked less often.
 */
final class Prober implements LegRequest.Owner {
    private static final int MAX_SHIFT = 6;

    private final Mirror mirror;
    private final int bytes;
    private boolean running;
    private boolean started;
    private long nextNs;
    private int shift;

    Prober(Mirror mirror, int bytes) {
        this.mirror = mirror;
        this.bytes = bytes;
    }

    int doWork(long nowNs) {
        if (mirror.phase() == MirrorPhase.MIRRORED) {
            shift = 0;
        }
        Leg leg = candidate();
        if (running || leg == null || leg.outstanding() > 0) {
            started &= leg != null;
            return 0;
        }
        if (!started) {
            started = true;
            nextNs = nowNs + (mirror.config.probeNs() << shift);
        }
        if (nowNs - nextNs < 0) {
            return 0;
        }
        started = false;
        shift = mirror.phase().serves() ? Math.min(shift + 1, MAX_SHIFT) : 0;
        return probe(leg, nowNs);
    }

    private int probe(Leg leg, long nowNs) {
        IoBuffer buffer = mirror.buffers.acquire(bytes);
        if (buffer == null) {
            return 0;
        }
        running = true;
        LegRequest request = leg.take(this, nowNs);
        request.request.read(0, bytes, buffer, 0);
        request.hold(buffer);
        request.issue();
        return 1;
    }

    private Leg candidate() {
        if (mirror.phase() == MirrorPhase.DEGRADED && !mirror.resync.isIdle()) {
            return null;
        }
        for (Leg leg : mirror.legs) {
            boolean wanted = mirror.phase() == MirrorPhase.DEGRADED
                    ? leg.status() == CopyStatus.STALE && leg.log.problem() == null
                    : (mirror.phase() == MirrorPhase.SUSPENDED || mirror.phase() == MirrorPhase.GONE) && leg.isInSync();
            if (wanted && leg.device != null) {
                return leg;
            }
        }
        return null;
    }

    @Override
    public void onEnd(LegRequest request, BlockFault fault) {
        running = false;
        if (fault == BlockFault.NONE) {
            mirror.answers(request.leg);
        }
    }

    @Override
    public void onGivenUp(Leg leg) {
        running = false;
    }
}
