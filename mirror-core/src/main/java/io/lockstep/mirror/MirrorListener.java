package io.lockstep.mirror;

import io.lockstep.mirror.failover.MirrorState;
import io.lockstep.mirror.failover.StateCell;
import io.lockstep.mirror.verify.FailoverReceipt;

/** Is told what a mirror does, on the thread that does it. Must return at once. */
public interface MirrorListener extends StateCell.Listener {
    @Override
    void onTransition(MirrorState from, MirrorState to, String reason, long nowNs);

    /** An epoch was captured. Times in nanoseconds since the pause was requested: guest stopped, pages copied after that, whole pause. */
    default void onCaptured(long epoch, long pages, long stopNs, long copyNs, long pauseNs) {}

    /** Something a person should know that does not change the state. */
    default void onNotice(String notice) {}

    /** The secondary took over and its guest runs. */
    default void onTakenOver(FailoverReceipt receipt) {}
}
