package io.lockstep.redirect.route;

/**
 * The time of the call that runs. {@code watchNs} moves at most {@code mostStepNs} per call: when this thread itself stood still, that time is
 * not held against a path. Deadlines and timers are on it, receipts on the real one.
 */
final class Time {
    private final long mostStepNs;
    private long nowNs = Long.MIN_VALUE;
    private long watchNs;

    Time(long mostStepNs) {
        this.mostStepNs = mostStepNs;
    }

    void advance(long toNs) {
        if (nowNs != Long.MIN_VALUE) {
            watchNs += Math.max(0, Math.min(toNs - nowNs, mostStepNs));
        }
        nowNs = toNs;
    }

    long nowNs() {
        return nowNs;
    }

    long watchNs() {
        return watchNs;
    }
}
