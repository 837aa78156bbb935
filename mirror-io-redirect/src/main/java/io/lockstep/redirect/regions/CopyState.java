package io.lockstep.redirect.regions;

/**
 * What a copy of a disk says about itself. Changed as a whole.
 *
 * @param token names what the copy holds; two copies with the same token differ at most in what either has marked; 0: nothing yet
 * @param baseToken the token of the copies that miss at most what is marked here; 0: none
 * @param consistent false while the copy is being filled: a mixture of old and new that must never be used alone
 * @param stale true if somebody wrote to the other copy only: not to be read before it is brought up to date
 * @param generation highest generation that was used for this copy, 0 if none; only grows
 */
public record CopyState(long token, long baseToken, boolean consistent, boolean stale, long generation) {
    /** A copy of which nothing is known. */
    public static final CopyState UNKNOWN = new CopyState(0, 0, false, false, 0);

    /** Checks the generation. */
    public CopyState {
        if (generation < 0) {
            throw new IllegalArgumentException("generation is " + generation + ": must not be negative");
        }
    }

    /** The same copy after it was written to alone: a new token, and what is marked is relative to {@code base}. */
    public CopyState alone(long newToken, long base) {
        return new CopyState(newToken, base, true, false, generation);
    }

    /** The same copy once it holds what another one with this token holds. */
    public CopyState equalTo(long otherToken) {
        return new CopyState(otherToken, 0, true, false, generation);
    }

    /** The same copy while it is being filled. */
    public CopyState filling() {
        return new CopyState(token, baseToken, false, true, generation);
    }

    /** The same copy while it is being filled from one with this token. */
    public CopyState filling(long sourceToken) {
        return new CopyState(sourceToken, 0, false, true, generation);
    }

    /** The same copy after writes went to the other one only. */
    public CopyState leftBehind() {
        return new CopyState(token, baseToken, consistent, true, generation);
    }

    /** A new copy that is about to be called equal to another new one: nothing may be written before both are. */
    public CopyState introduced(long futureToken) {
        return new CopyState(0, futureToken, false, true, generation);
    }

    /** True if the copy may be used alone, as far as it knows itself. */
    public boolean isUsable() {
        return token != 0 && consistent && !stale;
    }

    /** The same copy with a generation that was used since. */
    public CopyState withGeneration(long newer) {
        return new CopyState(token, baseToken, consistent, stale, newer);
    }
}
