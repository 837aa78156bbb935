package io.lockstep.redirect.epoch;

/** What the disk's state allows its requests, and whom they tell when the home fails. */
interface IoGate {
    DiskState state();

    /** True if the home can be asked; while false, requests wait. */
    boolean isOpen();

    /** Sets of the overlay that a reader may see. */
    long visibleSet();

    /** Blocks that a change may still put on hold. {@code mayUseReserve}: it is one that must not stop a pause. */
    int room(boolean mayUseReserve);

    /** True if this host's token and flags are durable and no journal is left that could undo a write. */
    boolean mayPassThrough();

    /** The home failed under a request of the guest. What was asked of a home that is left by now says nothing new. */
    void failed(String reason);

    /** The partner's copy failed under a request of the guest. */
    void awayFailed(String reason);
}
