package io.lockstep.mirror.spi;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * The private connection to the peer host: one ordered bulk channel, and one ordered control channel that bulk never delays. Both
 * live and die together; after a loss the interconnect may come up again with a higher {@link #incarnation()}. Frames arrive whole, in order,
 * checked, or the link goes down with a reason (invariant I8).
 *
 * <p>Threading: one thread. No method blocks.
 */
public interface Interconnect {
    /** Receives frames; the buffer is valid only during the call. An exception thrown here ends the link with its message. */
    interface Listener {
        /** A bulk frame's payload. */
        void onBulk(DirectBuffer buffer, int offset, int length);

        /** A control frame's payload. */
        void onControl(DirectBuffer buffer, int offset, int length);
    }

    /** True while both channels work. */
    boolean isUp();

    /** Counts the times the link came up; 0 before the first time. */
    long incarnation();

    /** Why the link is down, for people; empty while it is up or was never up. */
    String downReason();

    /** Largest payload of a bulk frame in bytes. */
    int maxBulkLength();

    /** A buffer of {@link #maxBulkLength()} bytes to fill with the next bulk frame; null while the window to the peer is full or the link is down. */
    MutableDirectBuffer claimBulk();

    /** Sends the first {@code length} bytes of the claimed buffer; 0 gives the claim back. */
    void commitBulk(int length);

    /** Sends a small frame on the control channel; false if there is no room now or the link is down. */
    boolean sendControl(DirectBuffer buffer, int offset, int length);

    /** Moves bytes in and out and delivers at most {@code limit} frames; returns how many were delivered. */
    int poll(Listener listener, int limit);

    /** Ends the current connection, if any, with a reason that is logged on this side. It may come up again. */
    void disconnect(String reason);
}
