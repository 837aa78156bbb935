package io.lockstep.transport.tcp;

import io.lockstep.mirror.record.FrameDescriptor;
import io.lockstep.mirror.record.FrameEncoder;
import io.lockstep.mirror.record.FrameKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Sends the bulk channel: a ring of preallocated frames, filled in place and handed to the kernel with gathered writes. A frame is
 * free again when the kernel has taken all of it; none free means back-pressure.
 *
 * <pre>
 *        head              tail        head + N
 *   ------|=====|=====|=====|-----------|
 *           waiting          claimed, free
 * </pre>
 */
final class BulkOut {
    private final int count;
    /** The ring written down twice, so that any run of frames is contiguous in the array. */
    private final ByteBuffer[] frames;

    private final UnsafeBuffer[] payloads;
    private final FrameEncoder encoder = new FrameEncoder();
    private SocketChannel channel;
    private long head;
    private long tail;
    private boolean claimed;
    private boolean staleClaim;

    BulkOut(int maxPayload, int count) {
        this.count = count;
        frames = new ByteBuffer[2 * count];
        payloads = new UnsafeBuffer[count];
        for (int i = 0; i < count; i++) {
            ByteBuffer frame = ByteBuffer.allocateDirect(FrameDescriptor.frameLength(maxPayload));
            frames[i] = frame.order(ByteOrder.LITTLE_ENDIAN);
            frames[i + count] = frames[i];
            payloads[i] = new UnsafeBuffer(frame, FrameDescriptor.HEADER_LENGTH, maxPayload);
        }
    }

    void start(SocketChannel newChannel, long session) {
        channel = newChannel;
        encoder.start(session);
        head = 0;
        tail = 0;
    }

    /** A claim that is open now belongs to the ended session: its commit is ignored. */
    void stop() {
        channel = null;
        staleClaim |= claimed;
        claimed = false;
        tail = head;
    }

    MutableDirectBuffer claim() {
        if (claimed) {
            throw new IllegalStateException("a bulk frame is claimed already: commit it first");
        }
        if (channel == null || tail - head == count) {
            return null;
        }
        claimed = true;
        staleClaim = false;
        return payloads[(int) (tail % count)];
    }

    void commit(int length) {
        if (staleClaim) {
            staleClaim = false;
            return;
        }
        if (!claimed) {
            throw new IllegalStateException("no bulk frame is claimed");
        }
        int index = (int) (tail % count);
        int max = payloads[index].capacity();
        if (length < 0 || length > max) {
            throw new IllegalArgumentException("bulk frame of " + length + " bytes, limit " + max);
        }
        claimed = false;
        if (length > 0) {
            ByteBuffer frame = frames[index];
            frame.clear();
            frame.limit(encoder.seal(frame, 0, FrameKind.BULK, length));
            tail++;
        }
    }

    boolean pending() {
        return head != tail;
    }

    void flush() throws IOException {
        while (head != tail) {
            int first = (int) (head % count);
            channel.write(frames, first, (int) (tail - head));
            long before = head;
            while (head != tail && !frames[(int) (head % count)].hasRemaining()) {
                head++;
            }
            if (head == before || head != tail) {
                return;
            }
        }
    }
}
