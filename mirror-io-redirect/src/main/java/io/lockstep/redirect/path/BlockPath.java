package io.lockstep.redirect.path;

import io.lockstep.redirect.block.BlockDevice;

/**
 * One way to a disk: a file, an NBD server, an iSCSI target through this host's or the partner's HBA. Several paths may lead to the same
 * bytes. A path is opened with a <em>generation</em>, a number that grows each time the disk moves to another path or host; through a
 * path one can shut out every older generation, as far as the far end offers that (invariant I4).
 *
 * <p>Threading: the stack's thread. No call blocks.
 */
public interface BlockPath extends BlockDevice {
    /** Where a path is in its life. */
    enum Link {
        /** Never opened, or closed. */
        CLOSED,
        /** Connecting, logging in, registering. */
        OPENING,
        /** Takes requests. */
        OPEN,
        /** Failed: {@link #trouble()} says why. Takes no requests; {@link #open} may be called again when nothing is outstanding. */
        BROKEN
    }

    /** What the far end offers against writes that are stuck in another path. */
    enum Fencing {
        /** Nothing: after leaving such a path its copy is stale. */
        NONE,
        /** The far end knows generations and drops what comes from an older one. */
        GENERATION,
        /** SCSI-3 persistent reservations: preempt and abort. */
        RESERVATION
    }

    /** Is told how a fence went. */
    @FunctionalInterface
    interface FenceOutcome {
        /** {@code problem} is empty if it is proven that no older generation can complete a write any more. */
        void onFenced(String problem);
    }

    /** The name people know it by. */
    String name();

    /** Where it is in its life. */
    Link link();

    /** Why it is BROKEN; empty otherwise. */
    String trouble();

    /** Starts to open; {@link #link()} tells how it goes. Legal while CLOSED, or BROKEN with nothing outstanding. Geometry is known when OPEN. */
    void open(long generation);

    /**
     * Leaves the path: nothing new is issued. What provably cannot take effect any more is completed with NOT_ISSUED now; what is stuck
     * in an old call is completed with IO when that call returns, perhaps never. The path becomes BROKEN with {@code reason}.
     */
    void abandon(String reason);

    /** Requests that are not completed yet, stuck ones included. */
    int outstanding();

    /** What the far end offers. Known when OPEN. */
    Fencing fencing();

    /**
     * Through this open path: makes sure that nothing issued by a path that was opened with a generation below {@code generation} can take
     * effect any more, in this or in another process or host.
     */
    void fence(long generation, FenceOutcome outcome);

    /**
     * True if a request that was completed, in whatever way, cannot take effect later: a file, whose system call has returned. False where
     * a connection may be lost while the far end still works on what it was sent.
     */
    default boolean completionIsFinal() {
        return false;
    }

    /** False if {@link #abandon} completes every request at once, so that nothing touches their buffers afterwards. */
    default boolean keepsBuffers() {
        return true;
    }
}
