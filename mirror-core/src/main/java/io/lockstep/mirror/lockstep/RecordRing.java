package io.lockstep.mirror.lockstep;

import java.nio.ByteBuffer;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Records of any length in one fixed buffer, first in, first out, each in one piece.
 *
 * <pre>
 *   | length int | 0 int | record, padded to 8 |        length -1: the rest of the buffer is unused
 * </pre>
 *
 * Threading: one thread. No allocation.
 */
final class RecordRing {
    private static final int PREFIX = 8;
    private static final int SKIP = -1;

    private final UnsafeBuffer buffer;
    private final int mask;
    private long head;
    private long tail;

    /** A ring of that many bytes, a power of two. */
    RecordRing(int capacity) {
        buffer = new UnsafeBuffer(ByteBuffer.allocateDirect(capacity));
        mask = capacity - 1;
    }

    UnsafeBuffer buffer() {
        return buffer;
    }

    boolean isEmpty() {
        return head == tail;
    }

    /** Bytes in use. */
    int used() {
        return (int) (tail - head);
    }

    /** True if that many records of that length fit, wherever the end of the buffer is. */
    boolean fits(int records, int length) {
        return used() + (records + 1L) * size(length) <= buffer.capacity();
    }

    /** Adds a record that {@link #fits}; returns where its bytes have to be written. */
    int append(int length) {
        int size = size(length);
        int at = (int) tail & mask;
        if (at + size > buffer.capacity()) {
            buffer.putInt(at, SKIP);
            tail += buffer.capacity() - at;
            at = 0;
        }
        if (tail + size - head > buffer.capacity()) {
            throw new IllegalStateException(
                    "record of " + length + " bytes, " + used() + " in use, limit " + buffer.capacity());
        }
        buffer.putInt(at, length);
        tail += size;
        return at + PREFIX;
    }

    /** Where the oldest record starts; there is one. */
    int first() {
        int at = (int) head & mask;
        if (buffer.getInt(at) == SKIP) {
            head += buffer.capacity() - at;
            at = 0;
        }
        return at + PREFIX;
    }

    /** Removes the record that {@link #first} has found. */
    void removeFirst() {
        head += size(buffer.getInt((int) head & mask));
    }

    private static int size(int length) {
        return BitUtil.align(PREFIX + length, Long.BYTES);
    }
}
