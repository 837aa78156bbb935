package io.lockstep.redirect.block;

import java.util.ArrayDeque;

/**
 * The memory of a disk's requests: a fixed number of buffers in three sizes, made when first needed. When none is left, whoever wants
 * one waits: that is how a slow disk pushes back on its clients (invariant I7).
 *
 * <p>Threading: the stack's thread.
 */
public final class BufferPool {
    /** Capacity of a small buffer: what guests and databases ask for. */
    public static final int SMALL = 64 << 10;
    /** Capacity of a medium buffer: copies and backups. */
    public static final int MEDIUM = 1 << 20;
    /** Capacity of a large buffer: the most a request may carry. */
    public static final int LARGE = BlockGeometry.MAX_TRANSFER;

    private static final int[] SIZES = {SMALL, MEDIUM, LARGE};

    private final int[] left;
    private final ArrayDeque<IoBuffer>[] free;

    /** At most {@code small + medium + large} buffers. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    public BufferPool(int small, int medium, int large) {
        if (small < 1 || medium < 1 || large < 1) {
            throw new IllegalArgumentException(
                    "a pool of " + small + ", " + medium + " and " + large + " buffers: must be at least one of each");
        }
        this.left = new int[] {small, medium, large};
        this.free = new ArrayDeque[] {new ArrayDeque(small), new ArrayDeque(medium), new ArrayDeque(large)};
    }

    /**
     * A buffer with room for {@code length} bytes and one reference, or null if all are in use.
     *
     * @throws IllegalArgumentException if no buffer is that large
     */
    public IoBuffer acquire(int length) {
        if (length < 0 || length > LARGE) {
            throw new IllegalArgumentException("a buffer of " + length + " bytes: must be from 0 to " + LARGE);
        }
        int size = length <= SMALL ? 0 : length <= MEDIUM ? 1 : 2;
        IoBuffer buffer = free[size].pollFirst();
        if (buffer == null && left[size] > 0) {
            left[size]--;
            buffer = new IoBuffer(this, SIZES[size]);
        }
        if (buffer != null) {
            buffer.lend();
        }
        return buffer;
    }

    void giveBack(IoBuffer buffer) {
        int capacity = buffer.capacity();
        free[capacity == SMALL ? 0 : capacity == MEDIUM ? 1 : 2].addFirst(buffer);
    }
}
