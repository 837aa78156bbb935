package io.lockstep.sim;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** What happened, in order: the last events as text, all of them as one hash. */
final class Trace {
    private static final int KEPT = 200;
    private static final long K = 0x9E3779B97F4A7C15L;

    private final ArrayDeque<String> events = new ArrayDeque<>();
    private long hash = K;

    void record(long nowNs, String event) {
        if (events.size() == KEPT) {
            events.removeFirst();
        }
        events.addLast(String.format("%12.3f ms  %s", nowNs / 1e6, event));
        mix(nowNs ^ event.hashCode() * K);
    }

    /** An event that is too frequent for text. */
    void mix(long value) {
        hash = (Long.rotateLeft(hash, 23) ^ value) * K;
    }

    long hash() {
        return hash;
    }

    List<String> last(int count) {
        List<String> all = new ArrayList<>(events);
        return all.subList(Math.max(0, all.size() - count), all.size());
    }
}
