package io.lockstep.mirror.apply;

import io.lockstep.mirror.record.RecordFault;
import java.nio.ByteBuffer;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Collects a blob that arrives in consecutive chunks. Grows to the announced size, within a limit; then it is reused. */
final class BlobBuffer {
    /** Device state of a large machine is a few MiB. */
    static final int LIMIT = 64 << 20;

    private UnsafeBuffer buffer = new UnsafeBuffer(ByteBuffer.allocateDirect(64 << 10));
    private int length;
    private int total;

    void clear() {
        length = 0;
        total = 0;
    }

    void append(long offset, long announced, DirectBuffer source, int sourceOffset, int count) {
        if (announced > LIMIT || offset + count > announced) {
            throw new RecordFault(
                    "blob of " + announced + " bytes with a chunk to " + (offset + count) + ", limit " + LIMIT);
        }
        if (offset != length || (length > 0 && announced != total)) {
            throw new RecordFault("chunk at " + offset + " of a blob of " + announced + ", expected one at " + length
                    + " of " + total);
        }
        total = (int) announced;
        if (total > buffer.capacity()) {
            UnsafeBuffer larger = new UnsafeBuffer(ByteBuffer.allocateDirect(total + total / 4));
            larger.putBytes(0, buffer, 0, length);
            buffer = larger;
        }
        buffer.putBytes(length, source, sourceOffset, count);
        length += count;
    }

    boolean isComplete() {
        return length == total;
    }

    DirectBuffer buffer() {
        return buffer;
    }

    int length() {
        return length;
    }
}
