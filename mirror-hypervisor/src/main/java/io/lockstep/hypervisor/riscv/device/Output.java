package io.lockstep.hypervisor.riscv.device;

import io.lockstep.mirror.spi.LockstepMachine.OutputHandler;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What the guest said and nobody took yet, in order: {@code count, channel, length, bytes} each. The machine does not run while it is
 * full; beyond that it grows by what one request of the guest can contain, so that the guest never notices how often somebody drains it.
 */
final class Output {
    private static final int FULL = 1 << 17;
    private static final int HEADER = 16;

    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[2 * FULL]);
    private int head;
    private int tail;
    /** Where the last piece starts, to which bytes of the same count and channel are added; -1 for none. */
    private int open = -1;

    boolean isFull() {
        return tail > FULL;
    }

    /** One byte; bytes of the same channel that follow each other become one piece with the count of the last. */
    void put(long count, int channel, int value) {
        if (open >= 0 && bytes.getInt(open + 8) == channel && tail - open < 256) {
            bytes.putLong(open, count);
            bytes.putInt(open + 12, bytes.getInt(open + 12) + 1);
        } else {
            header(count, channel, 1);
            open = tail - HEADER;
        }
        reserve(1);
        bytes.putByte(tail++, (byte) value);
    }

    private void reserve(int length) {
        if (tail + length > bytes.capacity()) {
            byte[] larger = new byte[Math.max(2 * bytes.capacity(), tail + length)];
            bytes.getBytes(0, larger, 0, tail);
            bytes.wrap(larger);
        }
    }

    /** One piece. */
    void put(long count, int channel, DirectBuffer source, int offset, int length) {
        header(count, channel, length);
        reserve(length);
        bytes.putBytes(tail, source, offset, length);
        tail += length;
        open = -1;
    }

    private void header(long count, int channel, int length) {
        reserve(HEADER);
        bytes.putLong(tail, count);
        bytes.putInt(tail + 8, channel);
        bytes.putInt(tail + 12, length);
        tail += HEADER;
    }

    int drain(OutputHandler handler, int limit) {
        int done = 0;
        open = -1;
        while (done < limit && head < tail) {
            int length = bytes.getInt(head + 12);
            handler.onOutput(bytes.getLong(head), bytes.getInt(head + 8), bytes, head + HEADER, length);
            head += HEADER + length;
            done++;
        }
        if (head == tail) {
            clear();
        } else {
            bytes.putBytes(0, bytes, head, tail - head);
            tail -= head;
            head = 0;
        }
        return done;
    }

    void clear() {
        head = 0;
        tail = 0;
        open = -1;
    }
}
