package io.lockstep.redirect.route;

import io.lockstep.redirect.block.BlockCompletion;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.IoBuffer;

/** What this layer issues for an {@link Entry}. Outlives it if it is stuck in a path that was left. Reused. */
final class Child implements BlockCompletion {
    static final long NOT_STAMPED = Long.MIN_VALUE;

    final BlockRequest request;
    private final Ledger ledger;
    Entry entry;
    long serial;
    /** {@link Route#epoch} when it was detached. */
    int epoch;

    Route route;
    /** Keeps the bytes alive while a call may touch them; null for verbs without. */
    IoBuffer held;
    /** A read into a buffer of our own. */
    boolean bounced;
    /** The path was left; the result is of no interest, its end is. */
    boolean detached;
    /** Watch time of the first {@code doWork} after the issue. */
    long issuedNs;

    Child(BlockRequest request, Ledger ledger) {
        this.request = request;
        this.ledger = ledger;
    }

    @Override
    public void onDone(BlockRequest done) {
        ledger.ended(this);
    }
}
