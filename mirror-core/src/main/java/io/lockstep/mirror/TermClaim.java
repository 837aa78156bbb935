package io.lockstep.mirror;

import io.lockstep.mirror.spi.Arbiter;

/** The term a primary holds, and its claim of the next one: asked for again while the arbiter cannot be asked. One thread. */
final class TermClaim {
    private static final long RETRY_NS = 100_000_000L;

    private final Arbiter arbiter;
    private final MirrorListener listener;
    private long term;
    private long claimedNs;

    TermClaim(Arbiter arbiter, MirrorListener listener) {
        this.arbiter = arbiter;
        this.listener = listener;
    }

    long term() {
        return term;
    }

    void holds(long held) {
        term = held;
    }

    /** The highest term known, of whomever. */
    long highest() {
        return arbiter.highestTerm();
    }

    String detail() {
        return arbiter.detail();
    }

    /** Claims the first term of a guest that starts. */
    void claimFirst(long nowNs) {
        term = arbiter.highestTerm();
        claim("start of the guest", nowNs);
    }

    void claim(String why, long nowNs) {
        arbiter.claim(term, why);
        claimedNs = nowNs;
    }

    /** Nothing decided: {@code PENDING}; otherwise {@code WON} or {@code LOST}. */
    Arbiter.Outcome outcome(long nowNs) {
        Arbiter.Outcome outcome = arbiter.outcome();
        if (outcome == Arbiter.Outcome.UNAVAILABLE && nowNs - claimedNs >= RETRY_NS) {
            listener.onNotice("outputs wait, the arbiter cannot be asked: " + arbiter.detail());
            claim("again", nowNs);
        }
        return outcome == Arbiter.Outcome.WON || outcome == Arbiter.Outcome.LOST ? outcome : Arbiter.Outcome.PENDING;
    }
}
