package io.lockstep.mirror.spi;

/**
 * Hands out terms: whoever holds the highest term of a VM may run it (invariant I2).
 *
 * <p>Threading: one thread. No method blocks.
 */
public interface Arbiter {
    /** How the last claim stands. */
    enum Outcome {
        /** No claim was made. */
        NONE,
        /** Not decided yet. */
        PENDING,
        /** The term was won, durably. */
        WON,
        /** Somebody else holds that term or a higher one. */
        LOST,
        /** The arbiter could not be asked; the claim has no effect or is decided later in nobody's favour but the claimant's: claim again. */
        UNAVAILABLE
    }

    /**
     * Tries to win term {@code expectedTerm + 1}, which succeeds for exactly one claimant and only if the highest term is still
     * {@code expectedTerm}. Legal unless a claim is pending. Claiming again a term that this host already holds is won again.
     */
    void claim(long expectedTerm, String why);

    /** How the last claim stands. */
    Outcome outcome();

    /** The highest term known to this host, 0 if none was ever won. */
    long highestTerm();

    /** Why the outcome is {@link Outcome#UNAVAILABLE} or who won when it is {@link Outcome#LOST}; empty otherwise. */
    String detail();
}
