package io.lockstep.sim;

/** A promise of the mirror was broken. An error, so that no part of the core can swallow it as a fault of the link. */
public final class InvariantViolation extends AssertionError {
    private static final long serialVersionUID = 1L;

    private final String invariant;

    /** Names the invariant, such as {@code "I1"}, and says what was seen. */
    public InvariantViolation(String invariant, String seen) {
        super(invariant + " is broken: " + seen);
        this.invariant = invariant;
    }

    /** An exception came out of the core where none may. */
    public InvariantViolation(String invariant, String seen, Throwable cause) {
        super(invariant + " is broken: " + seen + ": " + cause, cause);
        this.invariant = invariant;
    }

    /** Which invariant: {@code I1} to {@code I9}, or {@code liveness}, or {@code survival}. */
    public String invariant() {
        return invariant;
    }
}
