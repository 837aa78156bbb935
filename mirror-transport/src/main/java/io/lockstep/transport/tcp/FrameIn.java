package io.lockstep.transport.tcp;

import io.lockstep.mirror.record.FrameDecoder;
import io.lockstep.mirror.record.FrameDescriptor;
import io.lockstep.mirror.record.FrameKind;
import io.lockstep.mirror.spi.Interconnect;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Receives one channel: reads into one fixed buffer, delivers the frames in place, moves an incomplete tail to the front when the rest
 * of the buffer could not hold it.
 */
final class FrameIn {
    private static final int FRAMES_OF_ROOM = 4;

    private final FrameKind kind;
    private final int frameRoom;
    private final ByteBuffer buffer;
    private final UnsafeBuffer view;
    private final FrameDecoder decoder;
    private SocketChannel channel;
    private int delivered;

    FrameIn(FrameKind kind, int maxPayload) {
        this.kind = kind;
        frameRoom = FrameDescriptor.frameLength(maxPayload);
        // A greeting may leave more than a small frame behind.
        int capacity = Math.max(FRAMES_OF_ROOM * frameRoom, 2 * Hello.MAX_LENGTH);
        buffer = ByteBuffer.allocateDirect(capacity).order(ByteOrder.LITTLE_ENDIAN);
        view = new UnsafeBuffer(buffer);
        decoder = new FrameDecoder(maxPayload);
    }

    void start(SocketChannel newChannel, long session, ByteBuffer leftover) {
        channel = newChannel;
        decoder.start(kind, session);
        buffer.clear();
        buffer.put(leftover);
        buffer.flip();
    }

    void stop() {
        channel = null;
    }

    /** Frames that the current or last {@link #poll} handed over, also when it threw. */
    int delivered() {
        return delivered;
    }

    /** Reads and delivers until there is nothing more, the limit is reached, or the listener stopped this channel. */
    void poll(Interconnect.Listener listener, int limit) throws IOException {
        delivered = 0;
        boolean drained = false;
        while (channel != null && delivered < limit) {
            FrameDecoder.Step step = decoder.next(buffer);
            if (step == FrameDecoder.Step.FRAME) {
                delivered++;
                deliver(listener);
            } else if (step == FrameDecoder.Step.FAULT) {
                throw new LinkFault(decoder.faultText());
            } else if (drained) {
                return;
            } else {
                drained = fill();
            }
        }
    }

    private void deliver(Interconnect.Listener listener) throws LinkFault {
        try {
            if (kind == FrameKind.BULK) {
                listener.onBulk(view, decoder.payloadOffset(), decoder.payloadLength());
            } else {
                listener.onControl(view, decoder.payloadOffset(), decoder.payloadLength());
            }
        } catch (RuntimeException e) {
            throw new LinkFault("the listener failed: " + e);
        }
    }

    /** Reads once; true if the socket has no more now. */
    private boolean fill() throws IOException {
        if (!buffer.hasRemaining()) {
            buffer.position(0).limit(0);
        } else if (buffer.capacity() - buffer.limit() < frameRoom) {
            buffer.compact().flip();
        }
        int start = buffer.position();
        int end = buffer.limit();
        buffer.limit(buffer.capacity()).position(end);
        int count = channel.read(buffer);
        boolean full = !buffer.hasRemaining();
        buffer.limit(buffer.position()).position(start);
        if (count < 0) {
            throw new LinkFault("closed by the peer" + (end > start ? " in the middle of a frame" : ""));
        }
        return !full;
    }
}
