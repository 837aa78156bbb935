package io.lockstep.redirect.path.iscsi;

import io.lockstep.redirect.path.BlockPath;

/** A fence on its way to the worker and back. */
final class FenceJob {
    final long below;
    final BlockPath.FenceOutcome outcome;
    /** Null until it is done. */
    volatile String problem;

    FenceJob(long below, BlockPath.FenceOutcome outcome) {
        this.below = below;
        this.outcome = outcome;
    }
}
