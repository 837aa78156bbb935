package io.lockstep.hypervisor.riscv.state;

import java.nio.ByteOrder;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/** Writes a state, little endian. Not thread-safe; reused. */
public final class StateWriter {
    private MutableDirectBuffer buffer;
    private int start;
    private int position;

    /** Starts at this place. */
    public StateWriter wrap(MutableDirectBuffer target, int offset) {
        buffer = target;
        start = offset;
        position = offset;
        return this;
    }

    /** Marks the start of a part; the reader insists on it. */
    public void tag(int tag) {
        number(0x5441_4700L << 32 | tag);
    }

    /** Writes a number. */
    public void number(long value) {
        buffer.putLong(position, value, ByteOrder.LITTLE_ENDIAN);
        position += Long.BYTES;
    }

    /** Writes a flag. */
    public void flag(boolean value) {
        number(value ? 1 : 0);
    }

    /** Writes numbers; the reader knows how many. */
    public void numbers(long[] values) {
        for (long each : values) {
            number(each);
        }
    }

    /** Writes bytes behind their length. */
    public void bytes(DirectBuffer source, int offset, int length) {
        number(length);
        buffer.putBytes(position, source, offset, length);
        position += length;
    }

    /** Bytes written. */
    public int length() {
        return position - start;
    }
}
