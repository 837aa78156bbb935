package io.lockstep.transport.local;

import io.lockstep.mirror.record.FrameDescriptor;
import io.lockstep.mirror.record.FrameKind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.concurrent.UnsafeBuffer;

/** A bounded queue of encoded frames with one producer and one consumer thread; a slot belongs to one of them at a time. */
final class FrameQueue {
    final FrameKind kind;
    private final int maxPayload;
    private final ByteBuffer[] slots;
    private final UnsafeBuffer[] views;
    private final UnsafeBuffer[] payloads;
    private final AtomicLong head = new AtomicLong();
    private final AtomicLong tail = new AtomicLong();

    FrameQueue(FrameKind kind, int maxPayload, int count) {
        this.kind = kind;
        this.maxPayload = maxPayload;
        slots = new ByteBuffer[count];
        views = new UnsafeBuffer[count];
        payloads = new UnsafeBuffer[count];
        for (int i = 0; i < count; i++) {
            slots[i] = ByteBuffer.allocateDirect(FrameDescriptor.frameLength(maxPayload))
                    .order(ByteOrder.LITTLE_ENDIAN);
            views[i] = new UnsafeBuffer(slots[i]);
            payloads[i] = new UnsafeBuffer(slots[i], FrameDescriptor.HEADER_LENGTH, maxPayload);
        }
    }

    int maxPayload() {
        return maxPayload;
    }

    /** Legal only while neither side uses the queue. */
    void reset() {
        head.set(0);
        tail.set(0);
    }

    boolean full() {
        return tail.getPlain() - head.getAcquire() == slots.length;
    }

    /** The producer's next slot; legal unless {@link #full}. */
    ByteBuffer producerSlot() {
        return slots[(int) (tail.getPlain() % slots.length)];
    }

    UnsafeBuffer producerPayload() {
        return payloads[(int) (tail.getPlain() % slots.length)];
    }

    void publish() {
        tail.setRelease(tail.getPlain() + 1);
    }

    boolean empty() {
        return head.getPlain() == tail.getAcquire();
    }

    /** The consumer's next slot; legal unless {@link #empty}. */
    ByteBuffer consumerSlot() {
        return slots[(int) (head.getPlain() % slots.length)];
    }

    UnsafeBuffer consumerView() {
        return views[(int) (head.getPlain() % slots.length)];
    }

    void release() {
        head.setRelease(head.getPlain() + 1);
    }
}
