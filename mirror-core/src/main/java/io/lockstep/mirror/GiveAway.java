package io.lockstep.mirror;

import io.lockstep.mirror.record.HandOverReason;
import io.lockstep.mirror.replicate.LinkBoard;

/**
 * Gives the guest to the partner, once: waits until the epoch it is given away at is acknowledged, and for a while until everything that
 * may leave has left, then asks. From then on the partner may run the guest at any moment, so nothing leaves here any more (invariant I2).
 *
 * <p>Threading: one thread, the engine.
 */
final class GiveAway {
    private final LinkBoard board;
    private final long patienceNs;
    private long frozenEpoch;
    private long readyNs;
    private boolean asked;

    /** Waits at most {@code patienceNs} for an uplink that takes nothing, because the guest stands still meanwhile. */
    GiveAway(LinkBoard board, long patienceNs) {
        this.board = board;
        this.patienceNs = patienceNs;
    }

    /** A new attempt starts. */
    void begin() {
        frozenEpoch = 0;
        readyNs = 0;
        asked = false;
    }

    /** The guest is paused for good and this is its last epoch. */
    void frozenAt(long epoch) {
        frozenEpoch = epoch;
    }

    /** True once the partner may run the guest. */
    boolean isAsked() {
        return asked;
    }

    /** True once the request is on its way. */
    boolean isSent() {
        return asked && board.isHandedOver();
    }

    /** Asks as soon as it is right. A dead guest is given away at once, at the last acknowledged epoch. */
    int doWork(long session, boolean guestDied, long acked, boolean outputLeft, long nowNs) {
        boolean committed = frozenEpoch != 0 && acked >= frozenEpoch;
        if (committed && readyNs == 0) {
            readyNs = nowNs;
        }
        boolean ready = guestDied || (committed && (!outputLeft || nowNs - readyNs > patienceNs));
        if (!ready || asked) {
            return 0;
        }
        asked = true;
        if (guestDied) {
            board.handOver(session, acked, HandOverReason.GUEST_LOST);
        } else {
            board.handOver(session, frozenEpoch, HandOverReason.SWITCHOVER);
        }
        return 1;
    }
}
