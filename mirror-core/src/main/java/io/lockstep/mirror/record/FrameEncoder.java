package io.lockstep.mirror.record;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Puts headers before payloads, for one direction of one connection. No input or output, and no allocation.
 *
 * <p>Threading: one thread.
 */
public final class FrameEncoder {
    private final CRC32C crc = new CRC32C();
    private long session;
    private long nextSequence;

    /** Begins a session: the next frame has sequence number 0. */
    public void start(long newSession) {
        session = newSession;
        nextSequence = 0;
    }

    /** Sequence number of the next frame. */
    public long nextSequence() {
        return nextSequence;
    }

    /**
     * Writes the header of a frame whose payload is in place already, at {@code offset + HEADER_LENGTH}.
     *
     * @param buffer little endian, direct or over an array; its limit must not cut the frame off; position and limit are kept
     * @return length of the whole frame in bytes
     * @throws IllegalArgumentException if the payload is longer than the format allows or the buffer is not little endian
     * @throws IndexOutOfBoundsException if the frame does not fit before the buffer's limit
     */
    public int seal(ByteBuffer buffer, int offset, FrameKind kind, int payloadLength) {
        FrameDescriptor.requireLittleEndian(buffer);
        if (payloadLength < 0 || payloadLength > FrameDescriptor.MAX_PAYLOAD) {
            throw new IllegalArgumentException(
                    "payload of " + payloadLength + " bytes, limit " + FrameDescriptor.MAX_PAYLOAD);
        }
        int length = FrameDescriptor.frameLength(payloadLength);
        if (offset < 0 || offset > buffer.limit() - length) {
            throw new IndexOutOfBoundsException(
                    "frame of " + length + " bytes at " + offset + ", buffer limit " + buffer.limit());
        }
        buffer.putInt(offset + FrameDescriptor.MAGIC_OFFSET, FrameDescriptor.MAGIC);
        buffer.putShort(offset + FrameDescriptor.VERSION_OFFSET, (short) FrameDescriptor.VERSION);
        buffer.put(offset + FrameDescriptor.KIND_OFFSET, kind.code());
        buffer.put(offset + FrameDescriptor.FLAGS_OFFSET, (byte) 0);
        buffer.putInt(offset + FrameDescriptor.LENGTH_OFFSET, payloadLength);
        buffer.putLong(offset + FrameDescriptor.SESSION_OFFSET, session);
        buffer.putLong(offset + FrameDescriptor.SEQUENCE_OFFSET, nextSequence);
        buffer.putLong(offset + FrameDescriptor.RESERVED_OFFSET, 0);
        buffer.putInt(offset + FrameDescriptor.CRC_OFFSET, FrameDescriptor.crc(crc, buffer, offset, payloadLength));
        nextSequence++;
        return length;
    }
}
