package io.lockstep.redirect.copies;

/** How many bytes work in the background may move now. */
final class Budget {
    private static final long SECOND_NS = 1_000_000_000L;

    private final long bytesPerSecond;
    private final long most;
    private long lastNs;
    private boolean started;
    private long bytes;

    Budget(long bytesPerSecond, long most) {
        this.bytesPerSecond = bytesPerSecond;
        this.most = most;
        this.bytes = most;
    }

    boolean has(long wanted, long nowNs) {
        if (!started) {
            started = true;
            lastNs = nowNs;
        }
        long elapsed = Math.min(nowNs - lastNs, SECOND_NS);
        long earned = (elapsed * (bytesPerSecond >> 10) / SECOND_NS) << 10;
        if (earned > 0) {
            bytes = Math.min(most, bytes + earned);
            lastNs = nowNs;
        }
        return bytes >= wanted;
    }

    void spend(long spent) {
        bytes -= spent;
    }
}
