package io.lockstep.mirror.counters;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLongArray;

/** One value per {@link Counter}. Each counter has one writing thread; any thread may read. No allocation. */
public final class Counters {
    private static final int STRIDE = 8;

    /** Spread out so that counters of different threads do not share a cache line. */
    private final AtomicLongArray values = new AtomicLongArray(Counter.values().length * STRIDE);

    /** Adds to a counter. */
    public void add(Counter counter, long amount) {
        int index = counter.ordinal() * STRIDE;
        values.setRelease(index, values.getPlain(index) + amount);
    }

    /** Sets a counter. */
    public void set(Counter counter, long value) {
        values.setRelease(counter.ordinal() * STRIDE, value);
    }

    /** Every counter by its name, for people and tools; allocates. */
    public Map<String, Long> byName() {
        Map<String, Long> all = new TreeMap<>();
        for (Counter counter : Counter.values()) {
            all.put(counter.name(), value(counter));
        }
        return all;
    }

    /** Reads a counter. */
    public long value(Counter counter) {
        return values.getAcquire(counter.ordinal() * STRIDE);
    }
}
