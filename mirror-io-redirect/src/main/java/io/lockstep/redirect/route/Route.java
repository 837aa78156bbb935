package io.lockstep.redirect.route;

import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.path.BlockPath;

/** One path and what this layer knows of it. */
final class Route {
    final BlockPath path;
    final int rank;
    private final RedirectListener listener;
    private PathState state = PathState.CLOSED;
    private String reason = "not opened yet";

    /** Watch time at which the state was entered. */
    long sinceNs;
    /** Watch time before which it is not tried again. */
    long retryNs;
    /** Failures in a row. */
    int failures;
    /** Set while a monitor says that the path is down. */
    boolean heldDown;

    /** Requests of this layer below, probes not included. */
    int issued;
    /** It was active since its copy was whole. */
    boolean written;
    /** Writes that were answered with an error since the path is active. */
    int answeredWithError;
    /** Grows with each proof that what was stuck until then has no effect any more. */
    int epoch;
    /** Writes stuck below after the path was left. */
    int stuckWrites;
    /** Writes that ended without an answer after the path was left, and may still take effect. */
    int lostWrites;

    /** Watch time at which it was left last. */
    long leftNs;

    int goodProbes;
    long goodSinceNs;

    Route(BlockPath path, int rank, RedirectListener listener) {
        this.path = path;
        this.rank = rank;
        this.listener = listener;
    }

    String name() {
        return path.name();
    }

    PathState state() {
        return state;
    }

    boolean is(PathState one) {
        return state == one;
    }

    String reason() {
        return reason;
    }

    /** Writes that left this path without proof that they ended. */
    int undecided() {
        return stuckWrites + lostWrites;
    }

    /** It is proven that nothing that left this path can take effect any more. */
    void forgive() {
        epoch++;
        stuckWrites = 0;
        lostWrites = 0;
    }

    void become(PathState next, String why, long watchNs) {
        PathState before = state;
        if (!next.mayFollow(before)) {
            throw new IllegalStateException(
                    "ILLEGAL TRANSITION of path " + name() + ": " + before + " -> " + next + " (" + why + ")");
        }
        state = next;
        reason = why;
        sinceNs = watchNs;
        listener.onPath(name(), before, next, why);
    }

    /** Leaves the path. The latch: it is not touched again before nothing of ours is in it. */
    void leave(String why, long watchNs) {
        become(PathState.LEFT, why, watchNs);
        goodProbes = 0;
        leftNs = watchNs;
        path.abandon(why);
    }

    /** One more failure: the next try comes later, up to the interval of the probes. */
    void backOff(long watchNs, long intervalNs) {
        failures++;
        int doublings = Math.min(failures - 1, 4);
        retryNs = watchNs + (failures == 1 ? 0 : intervalNs >> 4 << doublings);
    }

    /** Gives the path free for another try once the old calls have returned. */
    boolean settle(long watchNs) {
        if (state != PathState.LEFT || path.outstanding() > 0) {
            return false;
        }
        become(PathState.DOWN, reason, watchNs);
        return true;
    }

    /** Why this open path cannot stand in for a disk of {@code wanted}; empty if it can. */
    String mismatch(BlockGeometry wanted) {
        BlockGeometry mine = path.geometry();
        if (wanted == null || mine.equals(wanted)) {
            return "";
        }
        if (mine.sizeBytes() != wanted.sizeBytes()) {
            return "it has " + mine.sizeBytes() + " bytes, the disk has " + wanted.sizeBytes();
        }
        if (mine.minBlock() > wanted.minBlock()) {
            return "its blocks have " + mine.minBlock() + " bytes, the disk's have " + wanted.minBlock();
        }
        if (mine.maxTransfer() < wanted.maxTransfer()) {
            return "it moves " + mine.maxTransfer() + " bytes at a time, the disk " + wanted.maxTransfer();
        }
        return mine.readOnly() && !wanted.readOnly() ? "it is read-only" : "";
    }
}
