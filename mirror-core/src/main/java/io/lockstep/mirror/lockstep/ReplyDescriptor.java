package io.lockstep.mirror.lockstep;

import io.lockstep.mirror.record.RecordFault;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * What the secondary answers, on the control channel: 56 bytes, little endian.
 *
 * <pre>
 *   0          8       12        14     16           24         32        40         48        56
 *   +----------+-------+---------+------+------------+----------+---------+----------+---------+
 *   | checksum | magic | version | kind | generation | received | applied | count    | 0       |  ACK
 *   |          |       |         |      |            | count    | page    | expected | actual  |  2 + ordinal of Divergence.What
 *   +----------+-------+---------+------+------------+----------+---------+----------+---------+
 * </pre>
 */
final class ReplyDescriptor {
    static final int LENGTH = 56;
    static final int ACK = 1;
    static final int FIRST_DIVERGENCE = 2;

    private static final int END_OF_KINDS = FIRST_DIVERGENCE + Divergence.What.values().length;
    private static final int MAGIC = 0x3141534C;
    private static final int KIND_OFFSET = 14;
    private static final int VALUES_OFFSET = 24;

    private ReplyDescriptor() {}

    static void write(MutableDirectBuffer to, int kind, long generation, long a, long b, long c, long d) {
        to.putInt(LogDescriptor.MAGIC_OFFSET, MAGIC, LogDescriptor.ORDER);
        to.putShort(LogDescriptor.VERSION_OFFSET, (short) LogDescriptor.VERSION, LogDescriptor.ORDER);
        to.putShort(KIND_OFFSET, (short) kind, LogDescriptor.ORDER);
        to.putLong(LogDescriptor.GENERATION_OFFSET, generation, LogDescriptor.ORDER);
        to.putLong(VALUES_OFFSET, a, LogDescriptor.ORDER);
        to.putLong(VALUES_OFFSET + 8, b, LogDescriptor.ORDER);
        to.putLong(VALUES_OFFSET + 16, c, LogDescriptor.ORDER);
        to.putLong(VALUES_OFFSET + 24, d, LogDescriptor.ORDER);
        to.putLong(LogDescriptor.checksumAt(0), LogDescriptor.checksum(to, 0, LENGTH), LogDescriptor.ORDER);
    }

    /** Checks everything but the values; returns the kind. */
    static int check(DirectBuffer from, int offset, int length, long generation) {
        if (length != LENGTH
                || from.getInt(offset + LogDescriptor.MAGIC_OFFSET, LogDescriptor.ORDER) != MAGIC
                || from.getLong(LogDescriptor.checksumAt(offset), LogDescriptor.ORDER)
                        != LogDescriptor.checksum(from, offset, length)) {
            throw new RecordFault("reply of " + length + " bytes is not one, or was changed on its way");
        }
        int version = from.getShort(offset + LogDescriptor.VERSION_OFFSET, LogDescriptor.ORDER);
        if (version != LogDescriptor.VERSION) {
            throw new RecordFault("version of a reply is " + version + ", this side has " + LogDescriptor.VERSION);
        }
        long session = from.getLong(offset + LogDescriptor.GENERATION_OFFSET, LogDescriptor.ORDER);
        if (session != generation) {
            throw new RecordFault("reply of session " + session + " in session " + generation);
        }
        int kind = from.getShort(offset + KIND_OFFSET, LogDescriptor.ORDER);
        if (kind < ACK || kind >= END_OF_KINDS) {
            throw new RecordFault("reply of unknown kind " + kind);
        }
        return kind;
    }

    static long value(DirectBuffer from, int offset, int index) {
        return from.getLong(offset + VALUES_OFFSET + 8 * index, LogDescriptor.ORDER);
    }
}
