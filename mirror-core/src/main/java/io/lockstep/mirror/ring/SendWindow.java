package io.lockstep.mirror.ring;

import com.lmax.disruptor.EventPoller;
import com.lmax.disruptor.RingBuffer;
import com.lmax.disruptor.Sequence;
import com.lmax.disruptor.YieldingWaitStrategy;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The Disruptor ring between capture and replicate. A record's sequence in the ring is its position in the stream.
 *
 * <p>Threading: one producer thread ({@link #claim}, {@link #publish}), one consumer thread ({@link #poll}, {@link #acknowledge});
 * the rest from any thread. Nothing blocks and nothing allocates after construction. A handler that throws stops the window for good
 * ({@link #failure()}): its record is neither skipped nor repeated, and the producer gets no more slots, so that the mirror moves to
 * FAILED instead of losing a record or hanging.
 */
public final class SendWindow {
    /** Takes records in order. */
    @FunctionalInterface
    public interface Handler {
        /** Takes one record; false to get no more in this call. */
        boolean onRecord(Slot slot, long position);
    }

    private static final int MIN_SLOTS = 64;
    private static final int MAX_SLOTS = 1 << 18;

    private final RingBuffer<Slot> ring;
    private final EventPoller<Slot> poller;
    private final Sequence acknowledged = new Sequence();
    private final EventPoller.Handler<Slot> dispatch;
    private Handler handler;
    private int polled;
    private int budget;
    private long claimed = -1;
    private volatile Throwable failure;

    /**
     * Allocates the whole window.
     *
     * @param slots a power of two from 64 to 262144; each takes 4 KiB off-heap
     */
    public SendWindow(int slots) {
        if (slots < MIN_SLOTS || slots > MAX_SLOTS || Integer.bitCount(slots) != 1) {
            throw new IllegalArgumentException("send window of " + slots + " slots: must be a power of two from "
                    + MIN_SLOTS + " to " + MAX_SLOTS);
        }
        ring = RingBuffer.createSingleProducer(Slot::new, slots, new YieldingWaitStrategy());
        UnsafeBuffer slab = new UnsafeBuffer(java.nio.ByteBuffer.allocateDirect(slots * Slot.CAPACITY));
        for (int i = 0; i < slots; i++) {
            ring.get(i).attach(slab, i * Slot.CAPACITY);
        }
        poller = ring.newPoller();
        ring.addGatingSequences(acknowledged);
        dispatch = (slot, sequence, endOfBatch) -> {
            polled++;
            return handler.onRecord(slot, sequence) && polled < budget;
        };
    }

    /** The next free slot, or null if the window is full or has failed; the same one again until {@link #publish}. */
    public Slot claim() {
        if (failure != null) {
            return null;
        }
        if (claimed > ring.getCursor()) {
            return ring.get(claimed);
        }
        if (!ring.hasAvailableCapacity(1)) {
            return null;
        }
        claimed = ring.next();
        return ring.get(claimed);
    }

    /** Hands the claimed slot to the consumer. */
    public void publish() {
        ring.publish(claimed);
    }

    /** Hands at most {@code limit} records to the handler; returns how many. */
    public int poll(Handler target, int limit) {
        if (failure != null) {
            return 0;
        }
        handler = target;
        budget = limit;
        polled = 0;
        try {
            poller.poll(dispatch);
        } catch (Exception e) {
            failure = e;
        }
        return polled;
    }

    /** Frees every slot up to {@code position}. */
    public void acknowledge(long position) {
        if (position > acknowledged.get()) {
            if (position > ring.getCursor()) {
                throw new IllegalArgumentException(
                        "acknowledged position " + position + " is beyond the published position " + ring.getCursor());
            }
            acknowledged.set(position);
        }
    }

    /** Position of the last published record, -1 before the first. */
    public long published() {
        return ring.getCursor();
    }

    /** Records that are not acknowledged. */
    public long pending() {
        return ring.getCursor() - acknowledged.get();
    }

    /** Number of slots. */
    public int slots() {
        return ring.getBufferSize();
    }

    /** Why the window stopped, or null. */
    public Throwable failure() {
        return failure;
    }
}
