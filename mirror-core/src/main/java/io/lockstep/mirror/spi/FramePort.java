package io.lockstep.mirror.spi;

import org.agrona.DirectBuffer;

/**
 * A source and sink of Ethernet frames: the guest's network card, or the uplink to the outside.
 *
 * <p>Threading: one thread. No method blocks.
 */
public interface FramePort {
    /** The longest frame that can pass, in bytes. */
    int MAX_FRAME = 65_535 + 64;

    /** Receives a frame; the buffer is valid only during the call. */
    @FunctionalInterface
    interface Handler {
        /** Takes one frame of {@code length} bytes at {@code offset}. */
        void onFrame(DirectBuffer buffer, int offset, int length);
    }

    /** Hands over at most {@code limit} frames that have arrived; returns how many. */
    int poll(Handler handler, int limit);

    /** Sends a frame; false, and nothing sent, if there is no room now. */
    boolean offer(DirectBuffer buffer, int offset, int length);
}
