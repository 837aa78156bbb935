package io.lockstep.mirror.record;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * Layout of a frame: a 40-byte header, then the payload. Little endian.
 *
 * <pre>
 *   0        4        6      7       8        12       16
 *   +--------+--------+------+-------+--------+--------+
 *   | magic  | version| kind | flags | length | crc32c |
 *   +--------+--------+------+-------+--------+--------+
 *   16                24                32                40
 *   +-----------------+-----------------+-----------------+----------- -
 *   | session         | sequence        | reserved        | payload ...
 *   +-----------------+-----------------+-----------------+----------- -
 * </pre>
 *
 * <ul>
 *   <li>{@code length}: bytes of payload.
 *   <li>{@code crc32c}: CRC-32C (RFC 3720, Castagnoli) of header and payload, with this field taken as zero.
 *   <li>{@code session}: the number both sides agreed on when the connection was opened; a frame with another one is stale.
 *   <li>{@code sequence}: 0, 1, 2... per connection and direction.
 *   <li>{@code flags}, {@code reserved}: written as zero, ignored by the reader.
 * </ul>
 *
 * The header of a {@link FrameKind#HELLO} frame keeps this layout in every version, so that a version mismatch can be told.
 */
public final class FrameDescriptor {
    /** First four bytes of every frame: {@code "LSM1"} in memory order. */
    public static final int MAGIC = 0x314D534C;

    /** The protocol version that this code writes and reads. */
    public static final int VERSION = 2;

    /** Bytes before the payload. */
    public static final int HEADER_LENGTH = 40;

    /** The longest payload that the format allows, in bytes; a connection agrees on less. */
    public static final int MAX_PAYLOAD = 16 * 1024 * 1024;

    static final int MAGIC_OFFSET = 0;
    static final int VERSION_OFFSET = 4;
    static final int KIND_OFFSET = 6;
    static final int FLAGS_OFFSET = 7;
    static final int LENGTH_OFFSET = 8;
    static final int CRC_OFFSET = 12;
    static final int SESSION_OFFSET = 16;
    static final int SEQUENCE_OFFSET = 24;
    static final int RESERVED_OFFSET = 32;

    private FrameDescriptor() {}

    /** Length of a whole frame in bytes. */
    public static int frameLength(int payloadLength) {
        return HEADER_LENGTH + payloadLength;
    }

    static void requireLittleEndian(ByteBuffer buffer) {
        if (buffer.order() != ByteOrder.LITTLE_ENDIAN) {
            throw new IllegalArgumentException("frame buffer is " + buffer.order() + ", must be LITTLE_ENDIAN");
        }
    }

    /** Leaves position and limit as they were; the bytes are not changed, so a decoder may run over shared memory. */
    static int crc(CRC32C crc, ByteBuffer buffer, int offset, int payloadLength) {
        int position = buffer.position();
        int limit = buffer.limit();
        crc.reset();
        buffer.limit(offset + CRC_OFFSET).position(offset);
        crc.update(buffer);
        for (int i = CRC_OFFSET; i < SESSION_OFFSET; i++) {
            crc.update(0);
        }
        buffer.limit(offset + HEADER_LENGTH + payloadLength).position(offset + SESSION_OFFSET);
        crc.update(buffer);
        buffer.limit(limit).position(position);
        return (int) crc.getValue();
    }
}
