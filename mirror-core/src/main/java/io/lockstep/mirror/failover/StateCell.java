package io.lockstep.mirror.failover;

/**
 * Holds a {@link MirrorState} and lets it change only along the table.
 *
 * <p>Threading: one writing thread; any thread may read.
 */
public final class StateCell {
    /** Is told of every change, on the changing thread. */
    @FunctionalInterface
    public interface Listener {
        /** The state went from {@code from} to {@code to} because of {@code reason}. */
        void onTransition(MirrorState from, MirrorState to, String reason, long nowNs);
    }

    private final String owner;
    private final Listener listener;
    private volatile MirrorState state;
    private volatile String reason = "";

    /** A cell for the guest or role named {@code owner}. */
    public StateCell(String owner, MirrorState initial, Listener listener) {
        this.owner = owner;
        this.state = initial;
        this.listener = listener;
    }

    /** The state. */
    public MirrorState state() {
        return state;
    }

    /** Why the state is what it is. */
    public String reason() {
        return reason;
    }

    /**
     * Changes the state.
     *
     * @throws IllegalStateException if the step is not in the table
     */
    public void become(MirrorState next, String why, long nowNs) {
        MirrorState before = state;
        if (!next.mayFollow(before)) {
            throw new IllegalStateException(
                    "ILLEGAL TRANSITION of " + owner + ": " + before + " -> " + next + " (" + why + ")");
        }
        reason = why;
        state = next;
        listener.onTransition(before, next, why, nowNs);
    }
}
