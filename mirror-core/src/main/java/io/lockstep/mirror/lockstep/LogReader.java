package io.lockstep.mirror.lockstep;

import io.lockstep.mirror.record.RecordFault;
import org.agrona.DirectBuffer;

/**
 * Takes frames of the log apart, checking first (invariant I8): a frame that was changed, lost, repeated, reordered or is of another session
 * or version is a {@link RecordFault} with its position. Threading: one thread. No allocation.
 */
final class LogReader {
    /** Takes one checked record; throws a {@link RecordFault} if it is not legal here. */
    interface Visitor {
        void onRecord(int type, int channel, long count, DirectBuffer buffer, int bodyOffset, int bodyLength);
    }

    private final long generation;
    private final int channels;
    private long position;
    private long count;
    private long released;

    /** A reader of one session, for a machine with that many channels. */
    LogReader(long generation, int channels) {
        this.generation = generation;
        this.channels = channels;
    }

    /** Bytes of records read and accepted. */
    long position() {
        return position;
    }

    /** Bytes of output that the primary has let out. */
    long released() {
        return released;
    }

    /** Reads one frame. */
    void frame(DirectBuffer buffer, int offset, int length, Visitor visitor) {
        header(buffer, offset, length);
        int end = offset + length;
        int at = offset + LogDescriptor.HEADER_LENGTH;
        while (at < end) {
            require(at + LogDescriptor.RECORD_HEADER <= end, "space left for a record", end - at);
            int recordLength = buffer.getInt(at, LogDescriptor.ORDER);
            require(
                    recordLength >= LogDescriptor.RECORD_HEADER && recordLength <= end - at,
                    "length of a record",
                    recordLength);
            int body = recordLength - LogDescriptor.RECORD_HEADER;
            require(LogDescriptor.space(body) <= end - at, "length of a record with its padding", recordLength);
            record(buffer, at, body, visitor);
            position += LogDescriptor.space(body);
            at += LogDescriptor.space(body);
        }
    }

    private void header(DirectBuffer buffer, int offset, int length) {
        require(length >= LogDescriptor.HEADER_LENGTH, "length of a frame", length);
        int magic = buffer.getInt(offset + LogDescriptor.MAGIC_OFFSET, LogDescriptor.ORDER);
        require(magic == LogDescriptor.MAGIC, "magic number of a frame", magic);
        int version = buffer.getShort(offset + LogDescriptor.VERSION_OFFSET, LogDescriptor.ORDER);
        require(version == LogDescriptor.VERSION, "version of the log (this side has 1)", version);
        long checksum = buffer.getLong(LogDescriptor.checksumAt(offset), LogDescriptor.ORDER);
        require(checksum == LogDescriptor.checksum(buffer, offset, length), "checksum of a changed frame", checksum);
        long session = buffer.getLong(offset + LogDescriptor.GENERATION_OFFSET, LogDescriptor.ORDER);
        require(session == generation, "session of a stale frame", session);
        long start = buffer.getLong(offset + LogDescriptor.POSITION_OFFSET, LogDescriptor.ORDER);
        require(start >= position, "position of a repeated frame", start);
        require(start == position, "position of a frame after a lost one", start);
        long says = buffer.getLong(offset + LogDescriptor.RELEASED_OFFSET, LogDescriptor.ORDER);
        require(says >= released, "released output, which went back,", says);
        released = says;
    }

    private void record(DirectBuffer buffer, int at, int body, Visitor visitor) {
        int type = buffer.getShort(at + LogDescriptor.TYPE_OFFSET, LogDescriptor.ORDER);
        int channel = buffer.getShort(at + LogDescriptor.CHANNEL_OFFSET, LogDescriptor.ORDER);
        long newCount = buffer.getLong(at + LogDescriptor.COUNT_OFFSET, LogDescriptor.ORDER);
        require(newCount >= count, "instruction count, which went back,", newCount);
        require(channel >= 0 && channel < channels, "channel, which the machine does not have,", channel);
        boolean fits =
                switch (type) {
                    case LogDescriptor.EVENT -> body >= 1;
                    case LogDescriptor.PROGRESS -> body == 0;
                    case LogDescriptor.PAGES -> body > 0 && body % 16 == 0;
                    case LogDescriptor.DIGEST, LogDescriptor.CHECKPOINT_END -> body == 16;
                    case LogDescriptor.CHECKPOINT -> body == 24;
                    case LogDescriptor.PAGE -> body == 8 || body == 8 + 4096;
                    case LogDescriptor.STATE -> body > 8;
                    default ->
                        throw new RecordFault(
                                "type of a record at position " + position + " is " + type + ", which nobody knows");
                };
        require(fits, "length of a record, wrong for its type,", body);
        visitor.onRecord(type, channel, newCount, buffer, at + LogDescriptor.RECORD_HEADER, body);
        count = newCount;
    }

    private void require(boolean condition, String what, long value) {
        if (!condition) {
            throw new RecordFault(what + " is " + value + " at position " + position + ", instruction " + count);
        }
    }
}
