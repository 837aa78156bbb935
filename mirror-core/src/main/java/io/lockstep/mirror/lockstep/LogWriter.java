package io.lockstep.mirror.lockstep;

import io.lockstep.mirror.spi.Interconnect;
import org.agrona.MutableDirectBuffer;

/**
 * Puts records into frames and frames on the interconnect. A record is reserved, its body filled in, then committed; nothing of the
 * interconnect is held over a full window. Threading: one thread. No allocation.
 */
final class LogWriter {
    private final Interconnect link;
    private MutableDirectBuffer frame;
    private int used;
    private long generation;
    private long position;
    private long flushed;
    private long limit;
    private long lastCount;
    private long reportedRelease;

    LogWriter(Interconnect link) {
        this.link = link;
    }

    /** Begins a session. */
    void start(long newGeneration) {
        generation = newGeneration;
        frame = null;
        position = 0;
        flushed = 0;
        limit = Long.MAX_VALUE;
        lastCount = 0;
        reportedRelease = 0;
    }

    /** The interconnect is lost, and with it what was not flushed. */
    void abandon() {
        frame = null;
    }

    /** Records may not go beyond this position. */
    void limit(long newLimit) {
        limit = newLimit;
    }

    /** Room for the body of a record; -1 if the link's or the secondary's window is full. Written through {@link #frame}. */
    int reserve(int bodyLength) {
        int space = LogDescriptor.space(bodyLength);
        if (position + space > limit) {
            return -1;
        }
        if (frame != null && used + space > link.maxBulkLength()) {
            flush(reportedRelease);
        }
        if (frame == null) {
            frame = link.claimBulk();
            used = LogDescriptor.HEADER_LENGTH;
        }
        return frame == null ? -1 : used + LogDescriptor.RECORD_HEADER;
    }

    MutableDirectBuffer frame() {
        return frame;
    }

    /** Completes the record that was reserved; the body may be shorter than reserved. */
    void commit(int type, int channel, long count, int bodyLength) {
        frame.putInt(used, LogDescriptor.RECORD_HEADER + bodyLength, LogDescriptor.ORDER);
        frame.putShort(used + LogDescriptor.TYPE_OFFSET, (short) type, LogDescriptor.ORDER);
        frame.putShort(used + LogDescriptor.CHANNEL_OFFSET, (short) channel, LogDescriptor.ORDER);
        frame.putLong(used + LogDescriptor.COUNT_OFFSET, count, LogDescriptor.ORDER);
        int space = LogDescriptor.space(bodyLength);
        for (int i = LogDescriptor.RECORD_HEADER + bodyLength; i < space; i++) {
            frame.putByte(used + i, (byte) 0);
        }
        used += space;
        position += space;
        lastCount = count;
    }

    /** Sends what was committed. */
    void flush(long released) {
        if (frame == null) {
            return;
        }
        if (used == LogDescriptor.HEADER_LENGTH && released == reportedRelease) {
            link.commitBulk(0);
            frame = null;
            return;
        }
        frame.putInt(LogDescriptor.MAGIC_OFFSET, LogDescriptor.MAGIC, LogDescriptor.ORDER);
        frame.putShort(LogDescriptor.VERSION_OFFSET, (short) LogDescriptor.VERSION, LogDescriptor.ORDER);
        frame.putShort(LogDescriptor.RESERVED_OFFSET, (short) 0, LogDescriptor.ORDER);
        frame.putLong(LogDescriptor.GENERATION_OFFSET, generation, LogDescriptor.ORDER);
        frame.putLong(LogDescriptor.POSITION_OFFSET, flushed, LogDescriptor.ORDER);
        frame.putLong(LogDescriptor.RELEASED_OFFSET, released, LogDescriptor.ORDER);
        frame.putLong(LogDescriptor.checksumAt(0), LogDescriptor.checksum(frame, 0, used), LogDescriptor.ORDER);
        link.commitBulk(used);
        flushed = position;
        frame = null;
        reportedRelease = released;
    }

    /** Sends a frame without records, which says only how much output was released; false if there was no room. */
    boolean report(long released) {
        if (frame == null) {
            frame = link.claimBulk();
            used = LogDescriptor.HEADER_LENGTH;
        }
        if (frame == null) {
            return false;
        }
        flush(released);
        return true;
    }

    long generation() {
        return generation;
    }

    /** Bytes of records committed. */
    long position() {
        return position;
    }

    /** Bytes of records handed to the interconnect. */
    long flushedPosition() {
        return flushed;
    }

    /** Count of the last record. */
    long lastCount() {
        return lastCount;
    }

    /** What the secondary was told to forget. */
    long reportedRelease() {
        return reportedRelease;
    }
}
