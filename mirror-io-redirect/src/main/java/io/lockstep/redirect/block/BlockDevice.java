package io.lockstep.redirect.block;

import java.nio.channels.Selector;

/**
 * A disk, or a layer over one. Requests may be completed in any order, within {@link #submit} or later; a FLUSH covers only what was
 * completed before it was submitted.
 *
 * <p>Threading: one thread for all calls and completions.
 */
public interface BlockDevice extends AutoCloseable {
    /** What the disk looks like. Constant while it is open. */
    BlockGeometry geometry();

    /**
     * Takes a request. It ends with exactly one call of its completion, whatever happens, but possibly late: a request whose fate is
     * unknown is not completed before the old call has returned.
     */
    void submit(BlockRequest request);

    /** Does what can be done now, and completes what has ended. Returns 0 if there was nothing to do. */
    int doWork(long nowNs);

    /** Registers the channels the thread should wait for. Devices that complete from other threads wake the thread up instead. */
    default void register(Selector selector) {}

    /** The longest the thread may wait before the next {@link #doWork}, in nanoseconds; {@link Long#MAX_VALUE} if it does not matter. */
    default long maxIdleNs() {
        return Long.MAX_VALUE;
    }

    /** Ends what is outstanding as far as that is possible without waiting, and gives everything back. Idempotent. */
    @Override
    void close();
}
