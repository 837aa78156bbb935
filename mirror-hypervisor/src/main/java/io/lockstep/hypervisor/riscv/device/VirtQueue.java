package io.lockstep.hypervisor.riscv.device;

import io.lockstep.hypervisor.riscv.memory.GuestRam;
import io.lockstep.hypervisor.riscv.state.StateReader;
import io.lockstep.hypervisor.riscv.state.StateWriter;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A split virtqueue (virtio 1.2, section 2.7), seen from the device. Everything in it comes from the guest: an address outside RAM, a descriptor that does not
 * exist or a chain that does not end makes the queue broken, and the guest has to reset the device.
 */
final class VirtQueue {
    static final int MOST = 256;

    private static final int NEXT = 1;
    private static final int WRITE = 2;

    private final Board board;
    private final GuestRam ram;
    private final long[] address = new long[MOST];
    private final int[] length = new int[MOST];
    private final UnsafeBuffer small = new UnsafeBuffer(new byte[8]);

    private long descriptors;
    private long available;
    private long used;
    private int size = MOST;
    private boolean ready;
    private int lastAvailable;
    private int lastUsed;
    private boolean broken;

    private int head;
    private int count;
    private int firstWritable;
    private int readable;
    private int writable;

    VirtQueue(Board board, GuestRam ram) {
        this.board = board;
        this.ram = ram;
    }

    void reset() {
        descriptors = 0;
        available = 0;
        used = 0;
        size = MOST;
        ready = false;
        lastAvailable = 0;
        lastUsed = 0;
        broken = false;
    }

    void size(int value) {
        if (value > 0 && value <= MOST && Integer.bitCount(value) == 1) {
            size = value;
        }
    }

    boolean ready() {
        return ready;
    }

    void ready(boolean value) {
        ready = value;
    }

    boolean broken() {
        return broken;
    }

    /** Sets half of one of the three addresses. */
    void place(int which, boolean upper, long half) {
        switch (which) {
            case 0 -> descriptors = half(descriptors, upper, half);
            case 1 -> available = half(available, upper, half);
            default -> used = half(used, upper, half);
        }
    }

    private static long half(long old, boolean upper, long half) {
        return upper ? (old & 0xffffffffL) | (half << 32) : (old & 0xffffffff00000000L) | (half & 0xffffffffL);
    }

    private long fetch(long from, int bytes) {
        if (!ram.contains(from, bytes)) {
            broken = true;
            return 0;
        }
        small.putLong(0, 0);
        ram.read(from, small, 0, bytes);
        return small.getLong(0);
    }

    private void put(long to, int bytes, long value) {
        if (!ram.contains(to, bytes)) {
            broken = true;
            return;
        }
        small.putLong(0, value);
        write(to, small, 0, bytes);
    }

    private void write(long to, DirectBuffer source, int offset, int bytes) {
        board.written(to, bytes);
        ram.write(to, source, offset, bytes);
    }

    boolean hasNext() {
        return ready && !broken && (int) fetch(available + 2, 2) != (lastAvailable & 0xffff) && !broken;
    }

    /** Takes the next chain of descriptors; false if there is none. */
    boolean next() {
        if (!hasNext()) {
            return false;
        }
        head = (int) fetch(available + 4 + 2L * (lastAvailable & (size - 1)), 2);
        count = 0;
        firstWritable = -1;
        readable = 0;
        writable = 0;
        int index = head;
        boolean more = true;
        while (more && !broken) {
            more = descriptor(index);
            index = broken || !more ? 0 : (int) fetch(descriptors + 16L * index + 14, 2);
        }
        if (firstWritable < 0) {
            firstWritable = count;
        }
        return !broken;
    }

    /** Adds a descriptor; true if another follows. */
    private boolean descriptor(int index) {
        if (index >= size || count == size) {
            broken = true;
            return false;
        }
        long at = descriptors + 16L * index;
        long where = fetch(at, 8);
        long bytes = fetch(at + 8, 4);
        int flags = (int) fetch(at + 12, 2);
        boolean isWritable = (flags & WRITE) != 0;
        if (broken || bytes > 1 << 24 || !ram.contains(where, bytes) || (!isWritable && firstWritable >= 0)) {
            broken = true;
            return false;
        }
        if (isWritable && firstWritable < 0) {
            firstWritable = count;
        }
        address[count] = where;
        length[count++] = (int) bytes;
        if (isWritable) {
            writable += (int) bytes;
        } else {
            readable += (int) bytes;
        }
        return (flags & NEXT) != 0;
    }

    /** Bytes the driver gave. */
    int readable() {
        return readable;
    }

    /** Bytes the driver has room for. */
    int writable() {
        return writable;
    }

    /** Copies out of the readable part of the chain; the range lies in it. */
    void read(int from, MutableDirectBuffer target, int offset, int bytes) {
        int skip = from;
        int done = 0;
        for (int i = 0; i < firstWritable && done < bytes; i++) {
            int piece = Math.min(bytes - done, length[i] - skip);
            if (piece > 0) {
                ram.read(address[i] + skip, target, offset + done, piece);
                done += piece;
            }
            skip = Math.max(0, skip - length[i]);
        }
    }

    /** Copies into the writable part of the chain; the range lies in it. */
    void write(int from, DirectBuffer source, int offset, int bytes) {
        int skip = from;
        int done = 0;
        for (int i = firstWritable; i < count && done < bytes; i++) {
            int piece = Math.min(bytes - done, length[i] - skip);
            if (piece > 0) {
                write(address[i] + skip, source, offset + done, piece);
                done += piece;
            }
            skip = Math.max(0, skip - length[i]);
        }
    }

    /** Gives the chain back; true if the driver wants to be interrupted. */
    boolean finish(int written) {
        long slot = used + 4 + 8L * (lastUsed & (size - 1));
        put(slot, 8, (head & 0xffffffffL) | ((long) written << 32));
        lastUsed = (lastUsed + 1) & 0xffff;
        lastAvailable = (lastAvailable + 1) & 0xffff;
        put(used + 2, 2, lastUsed);
        return (fetch(available, 2) & 1) == 0;
    }

    void save(StateWriter writer) {
        writer.number(descriptors);
        writer.number(available);
        writer.number(used);
        writer.number(size);
        writer.flag(ready);
        writer.number(lastAvailable);
        writer.number(lastUsed);
        writer.flag(broken);
    }

    void load(StateReader reader) {
        descriptors = reader.number();
        available = reader.number();
        used = reader.number();
        size = reader.number(1, MOST);
        ready = reader.flag();
        lastAvailable = reader.number(0, 0xffff);
        lastUsed = reader.number(0, 0xffff);
        broken = reader.flag();
    }
}
