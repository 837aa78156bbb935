package io.lockstep.transport.tcp;

import io.lockstep.mirror.record.FrameDescriptor;
import io.lockstep.mirror.record.FrameEncoder;
import io.lockstep.mirror.record.FrameKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import org.agrona.DirectBuffer;

/** Sends the control channel: small frames, copied behind each other into one fixed buffer. */
final class ControlOut {
    private final int maxPayload;
    /** Waiting bytes are between {@code head} and {@code tail}. */
    private final ByteBuffer buffer;

    private final FrameEncoder encoder = new FrameEncoder();
    private SocketChannel channel;
    private int head;
    private int tail;

    ControlOut(int maxPayload, int capacity) {
        this.maxPayload = maxPayload;
        buffer = ByteBuffer.allocateDirect(capacity).order(ByteOrder.LITTLE_ENDIAN);
    }

    void start(SocketChannel newChannel, long session) {
        channel = newChannel;
        encoder.start(session);
        head = 0;
        tail = 0;
    }

    void stop() {
        channel = null;
        head = tail;
    }

    boolean offer(DirectBuffer source, int offset, int length) {
        if (length < 0 || length > maxPayload) {
            throw new IllegalArgumentException("control frame of " + length + " bytes, limit " + maxPayload);
        }
        if (channel == null) {
            return false;
        }
        int frameLength = FrameDescriptor.frameLength(length);
        if (buffer.capacity() - tail < frameLength) {
            buffer.limit(tail).position(head);
            buffer.compact();
            tail -= head;
            head = 0;
            if (buffer.capacity() - tail < frameLength) {
                return false;
            }
        }
        buffer.clear();
        source.getBytes(offset, buffer, tail + FrameDescriptor.HEADER_LENGTH, length);
        tail += encoder.seal(buffer, tail, FrameKind.CONTROL, length);
        return true;
    }

    boolean pending() {
        return head != tail;
    }

    void flush() throws IOException {
        if (head == tail) {
            return;
        }
        buffer.limit(tail).position(head);
        channel.write(buffer);
        head = buffer.position();
        if (head == tail) {
            head = 0;
            tail = 0;
        }
    }
}
