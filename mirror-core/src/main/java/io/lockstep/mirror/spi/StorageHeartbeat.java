package io.lockstep.mirror.spi;

/**
 * The second heartbeat, over storage that both hosts see. It beats by itself; the core only asks when the peer was last seen.
 *
 * <p>Threading: may be read from any thread.
 */
public interface StorageHeartbeat {
    /** Local monotonic time, in nanoseconds, at which the peer's beat was last seen to advance; {@link Long#MIN_VALUE} if never. */
    long peerSeenNs();

    /** Empty while storage can be read and written, otherwise what is wrong with it. */
    String problem();
}
