package io.lockstep.transport.local;

import io.lockstep.mirror.record.FrameKind;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Two connected interconnects in one process, and the cable between them.
 *
 * <p>Threading: each of the two interconnects by one thread, the same or another; {@link #cut} and {@link #heal} by any.
 */
public final class InProcessLink {
    /**
     * Sizes of the queues, per direction.
     *
     * @param maxBulk largest payload of a bulk frame in bytes
     * @param bulkFrames bulk frames in flight
     * @param maxControl largest payload of a control frame in bytes
     * @param controlFrames control frames in flight
     */
    public record Limits(int maxBulk, int bulkFrames, int maxControl, int controlFrames) {
        /** 16 bulk frames of 128 KiB, 16 control frames of 64 KiB. */
        public static final Limits DEFAULT = new Limits(128 << 10, 16, 64 << 10, 16);

        /** Checks the bounds. */
        public Limits {
            if (maxBulk < 1 || maxControl < 1 || maxBulk > 16 << 20 || maxControl > 1 << 20) {
                throw new IllegalArgumentException("frames of " + maxBulk + " and " + maxControl
                        + " bytes, must be 1 to " + (16 << 20) + " and 1 to " + (1 << 20));
            }
            if (bulkFrames < 1 || controlFrames < 1 || bulkFrames > 4_096 || controlFrames > 4_096) {
                throw new IllegalArgumentException(
                        "queues of " + bulkFrames + " and " + controlFrames + " frames, must be 1 to 4096");
            }
        }
    }

    /** One life of the link. A side that has left touches no queue until the next one. */
    static final class Session {
        final long id;
        private final AtomicReference<String> fault = new AtomicReference<>();
        volatile boolean firstLeft;
        volatile boolean secondLeft;

        Session(long id) {
            this.id = id;
        }

        void fail(String reason) {
            fault.compareAndSet(null, reason);
        }

        /** Why the session ended; null while it lives. */
        String fault() {
            return fault.get();
        }
    }

    private final InProcessInterconnect first;
    private final InProcessInterconnect second;
    private final FrameQueue[] queues;
    private volatile Session session;
    private volatile boolean cut;

    /** Lays the cable; both sides come up when they are polled. */
    public InProcessLink(Limits limits) {
        FrameQueue bulkOut = new FrameQueue(FrameKind.BULK, limits.maxBulk(), limits.bulkFrames());
        FrameQueue bulkBack = new FrameQueue(FrameKind.BULK, limits.maxBulk(), limits.bulkFrames());
        FrameQueue controlOut = new FrameQueue(FrameKind.CONTROL, limits.maxControl(), limits.controlFrames());
        FrameQueue controlBack = new FrameQueue(FrameKind.CONTROL, limits.maxControl(), limits.controlFrames());
        queues = new FrameQueue[] {bulkOut, bulkBack, controlOut, controlBack};
        first = new InProcessInterconnect(this, true, bulkOut, controlOut, bulkBack, controlBack);
        second = new InProcessInterconnect(this, false, bulkBack, controlBack, bulkOut, controlOut);
    }

    /** One end. */
    public InProcessInterconnect first() {
        return first;
    }

    /** The other end. */
    public InProcessInterconnect second() {
        return second;
    }

    /** Takes the link down and keeps it down. */
    public void cut(String reason) {
        cut = true;
        Session current = session;
        if (current != null) {
            current.fail(reason);
        }
    }

    /** Lets the link come up again. */
    public void heal() {
        cut = false;
    }

    /** The session that a side may join after {@code lastId}, or null. The first side begins a new one once both have left the old. */
    Session next(boolean isFirst, long lastId) {
        Session current = session;
        if (isFirst && !cut && (current == null || (current.firstLeft && current.secondLeft))) {
            for (FrameQueue queue : queues) {
                queue.reset();
            }
            current = new Session(current == null ? 1 : current.id + 1);
            session = current;
        }
        return current == null || current.id == lastId ? null : current;
    }
}
