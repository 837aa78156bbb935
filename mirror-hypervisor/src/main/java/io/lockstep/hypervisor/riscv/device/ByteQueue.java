package io.lockstep.hypervisor.riscv.device;

import io.lockstep.hypervisor.riscv.state.StateReader;
import io.lockstep.hypervisor.riscv.state.StateWriter;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Bytes on their way to the guest; bounded. */
final class ByteQueue {
    private final UnsafeBuffer bytes;
    private final int capacity;
    private int head;
    private int size;

    ByteQueue(int capacity) {
        this.capacity = capacity;
        this.bytes = new UnsafeBuffer(new byte[capacity]);
    }

    int size() {
        return size;
    }

    int free() {
        return capacity - size;
    }

    void put(DirectBuffer source, int offset, int length) {
        int tail = (head + size) % capacity;
        int first = Math.min(length, capacity - tail);
        bytes.putBytes(tail, source, offset, first);
        bytes.putBytes(0, source, offset + first, length - first);
        size += length;
    }

    /** The oldest byte, which is removed; the queue is not empty. */
    int take() {
        int value = bytes.getByte(head) & 0xff;
        head = (head + 1) % capacity;
        size--;
        return value;
    }

    void clear() {
        head = 0;
        size = 0;
    }

    void save(StateWriter writer) {
        writer.number(size);
        int first = Math.min(size, capacity - head);
        writer.bytes(bytes, head, first);
        writer.bytes(bytes, 0, size - first);
    }

    void load(StateReader reader) {
        int total = reader.number(0, capacity);
        int first = reader.bytes(bytes, 0, total);
        int second = reader.bytes(bytes, first, total - first);
        if (first + second != total) {
            throw new IllegalArgumentException("machine state: a queue of " + total + " bytes has " + (first + second));
        }
        head = 0;
        size = total;
    }
}
