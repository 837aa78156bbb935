package io.lockstep.hypervisor.riscv.state;

import java.nio.ByteOrder;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/** Reads a state. Everything is checked: it may come from a peer. Not thread-safe; reused. */
public final class StateReader {
    private DirectBuffer buffer;
    private int position;
    private int end;

    /** Starts at this place. */
    public StateReader wrap(DirectBuffer source, int offset, int length) {
        source.boundsCheck(offset, length);
        buffer = source;
        position = offset;
        end = offset + length;
        return this;
    }

    /** Insists on the start of a part. */
    public void tag(int tag) {
        long found = number();
        if (found != (0x5441_4700L << 32 | tag)) {
            throw new IllegalArgumentException(
                    "machine state: part " + tag + " expected, found " + Long.toHexString(found));
        }
    }

    /** Reads a number. */
    public long number() {
        if (end - position < Long.BYTES) {
            throw new IllegalArgumentException("machine state: ends after " + position + " bytes, more is needed");
        }
        long value = buffer.getLong(position, ByteOrder.LITTLE_ENDIAN);
        position += Long.BYTES;
        return value;
    }

    /** Reads a number between two limits. */
    public int number(int least, int most) {
        long value = number();
        if (value < least || value > most) {
            throw new IllegalArgumentException("machine state: " + value + " is not between " + least + " and " + most);
        }
        return (int) value;
    }

    /** Reads a flag. */
    public boolean flag() {
        return number(0, 1) == 1;
    }

    /** Reads as many numbers as there is room for. */
    public void numbers(long[] into) {
        for (int i = 0; i < into.length; i++) {
            into[i] = number();
        }
    }

    /** Reads bytes, at most {@code capacity}; returns how many. */
    public int bytes(MutableDirectBuffer into, int offset, int capacity) {
        int length = number(0, Math.min(capacity, end - position));
        into.putBytes(offset, buffer, position, length);
        position += length;
        return length;
    }

    /** Insists that everything was read. */
    public void done() {
        if (position != end) {
            throw new IllegalArgumentException("machine state: " + (end - position) + " bytes too many");
        }
    }
}
