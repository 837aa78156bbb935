package io.lockstep.hypervisor.riscv.device;

import io.lockstep.hypervisor.riscv.state.StateReader;
import io.lockstep.hypervisor.riscv.state.StateWriter;

/**
 * mtime: ticks of 100 ns that pass with the instructions, from the last clock event on. Deterministic: a function of the count and the events.
 */
final class Clock {
    static final long NS_PER_TICK = 100;

    private final long stepsPerTick;
    private long baseTicks;
    private long baseCount;

    Clock(long stepsPerTick) {
        this.stepsPerTick = stepsPerTick;
    }

    long ticks(long count) {
        return baseTicks + (count - baseCount) / stepsPerTick;
    }

    /** Moves time; only the guest itself may move it back. */
    void set(long ticks, long count) {
        baseTicks = ticks;
        baseCount = count;
    }

    /** The first count at which {@link #ticks} is at least that (both unsigned); {@code Long.MAX_VALUE} for practically never. */
    long countAt(long wanted, long count) {
        long now = ticks(count);
        if (Long.compareUnsigned(now, wanted) >= 0) {
            return count;
        }
        long steps = wanted - baseTicks;
        if (steps < 0 || steps > (Long.MAX_VALUE - baseCount) / stepsPerTick) {
            return Long.MAX_VALUE;
        }
        return baseCount + steps * stepsPerTick;
    }

    void save(StateWriter writer) {
        writer.number(baseTicks);
        writer.number(baseCount);
    }

    void load(StateReader reader) {
        baseTicks = reader.number();
        baseCount = reader.number();
    }
}
