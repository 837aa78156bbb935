package io.lockstep.hypervisor.dirty;

/** Which tracker to use. */
public enum TrackerChoice {
    /** The best that works here. */
    AUTO,
    /** {@link WpAsyncTracker} or fail. */
    WP_ASYNC,
    /** {@link SoftDirtyTracker} or fail. */
    SOFT_DIRTY,
    /** {@link CompareTracker}. */
    COMPARE
}
