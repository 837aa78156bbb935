package io.lockstep.redirect.epoch;

/**
 * How the local copy becomes the primary's.
 *
 * <pre>
 *   NONE -begin(token)-> FILLING (flag in the log) -committed(set)-> COMPLETE (not durable yet) -adopt-> NAMING -> NONE
 * </pre>
 */
final class Synchronisation {
    private enum Phase {
        NONE,
        FILLING,
        COMPLETE,
        NAMING
    }

    private final CopyMarks marks;
    private Phase phase = Phase.NONE;
    private long token;
    private long completeSet;

    Synchronisation(CopyMarks marks) {
        this.marks = marks;
    }

    void begin(long primaryToken) {
        token = primaryToken;
        phase = Phase.FILLING;
        marks.filling();
    }

    /** A commit: if it is the first one since {@link #begin}, the copy can be used once more. */
    void committed(long set) {
        if (phase == Phase.FILLING) {
            phase = Phase.COMPLETE;
            completeSet = set;
        }
    }

    /** Takes the token over when what it names would survive a power cut. */
    void adopt(long durableSet) {
        if (phase == Phase.COMPLETE && durableSet >= completeSet) {
            marks.equalTo(token);
            phase = Phase.NAMING;
        }
        if (phase == Phase.NAMING && marks.isStateDurable()) {
            phase = Phase.NONE;
        }
    }

    /** True if blocks may go to the copy as they come. */
    boolean isFilling() {
        return phase == Phase.FILLING;
    }

    /** True while the copy is complete and the log does not say so yet. */
    boolean isPending() {
        return phase == Phase.COMPLETE || phase == Phase.NAMING;
    }

    boolean isPending(long partnerToken) {
        return isPending() && partnerToken == token;
    }

    /** What the copy is named: by {@code named}, unless it is complete and that is not written down yet. */
    long tokenOr(long named) {
        return isPending() ? token : named;
    }
}
