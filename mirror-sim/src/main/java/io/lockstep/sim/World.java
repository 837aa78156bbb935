package io.lockstep.sim;

import java.util.SplittableRandom;

/** What everything in one run shares: the clock, the dice, the trace. */
final class World {
    static final long MS = 1_000_000L;

    final SplittableRandom dice;
    final Trace trace = new Trace();
    long nowNs = 1_000 * MS;

    World(long seed) {
        dice = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + 1);
    }

    /** True in {@code perMille} of a thousand cases. */
    boolean chance(int perMille) {
        return dice.nextInt(1000) < perMille;
    }

    /** From {@code least} to {@code most} nanoseconds. */
    long between(long least, long most) {
        return least + (most > least ? dice.nextLong(most - least + 1) : 0);
    }

    void event(String what) {
        trace.record(nowNs, what);
    }
}
