package io.lockstep.nativeio;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.agrona.BufferUtil;

/**
 * Waits until one of a few descriptors can be read or written. Allocates nothing after construction.
 *
 * <p>Threading: one thread.
 */
public final class Poller {
    /** Interest in reading. */
    public static final int IN = 1;
    /** Interest in writing. */
    public static final int OUT = 4;

    private static final int ENTRY_BYTES = 8;
    private static final int EVENTS_OFFSET = 4;
    private static final int RESULT_OFFSET = 6;

    private final ByteBuffer entries;
    private final long address;
    private final int capacity;
    private int count;

    /** Room for that many descriptors. */
    public Poller(int capacity) {
        this.capacity = capacity;
        this.entries = ByteBuffer.allocateDirect(Math.multiplyExact(capacity, ENTRY_BYTES))
                .order(ByteOrder.nativeOrder());
        this.address = BufferUtil.address(entries);
    }

    /** Adds a descriptor and returns its index. */
    public int add(int fd, int interest) {
        if (count == capacity) {
            throw new IllegalStateException("poller is full with " + capacity + " descriptors");
        }
        entries.putInt(count * ENTRY_BYTES, fd);
        interest(count, interest);
        return count++;
    }

    /** Changes what a descriptor waits for. */
    public void interest(int index, int interest) {
        entries.putShort(index * ENTRY_BYTES + EVENTS_OFFSET, (short) interest);
    }

    /** Waits at most that long (0: not at all, -1: without end) and returns how many descriptors are ready; 0 after a signal. */
    public int poll(int timeoutMs) throws IOException {
        int ready = LibC.poll(address, count, timeoutMs);
        if (ready < 0) {
            int errno = LibC.errno();
            if (errno != Errno.EINTR) {
                throw new NativeIoException("poll of " + count + " descriptors", errno);
            }
            return 0;
        }
        return ready;
    }

    /** What the last poll found: {@link #IN}, {@link #OUT}, and the kernel's POLLERR, POLLHUP, POLLNVAL. */
    public int ready(int index) {
        return entries.getShort(index * ENTRY_BYTES + RESULT_OFFSET);
    }
}
