package io.lockstep.transport.arbiter;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * A host's heartbeat on storage: 160 bytes, little endian, inside one sector of a file of its own.
 *
 * <pre>
 *   0         8           16             24        26         126      156
 *   +---------+-----------+--------------+---------+----------+--------+--------+
 *   | magic   | counter   | incarnation  | hostLen | host     | zero   | crc32c |
 *   +---------+-----------+--------------+---------+----------+--------+--------+
 * </pre>
 */
record HeartbeatRecord(String host, long counter, long incarnation) {
    static final int LENGTH = 160;
    private static final long MAGIC = 0x31544145424D534CL;
    private static final int CRC_OFFSET = 156;

    void write(ByteBuffer buffer) {
        buffer.clear().order(ByteOrder.LITTLE_ENDIAN);
        byte[] name = host.getBytes(StandardCharsets.UTF_8);
        buffer.putLong(MAGIC).putLong(counter).putLong(incarnation);
        buffer.putShort((short) name.length).put(name);
        while (buffer.position() < CRC_OFFSET) {
            buffer.put((byte) 0);
        }
        buffer.putInt(crc(buffer)).flip();
    }

    /**
     * Reads a record.
     *
     * @throws IOException if it is cut off, damaged, or another host's
     */
    static HeartbeatRecord read(ByteBuffer buffer, String expectedHost) throws IOException {
        if (buffer.remaining() < LENGTH) {
            throw new IOException(
                    "record of host " + expectedHost + " has " + buffer.remaining() + " of " + LENGTH + " bytes");
        }
        buffer.order(ByteOrder.LITTLE_ENDIAN);
        int stored = buffer.getInt(CRC_OFFSET);
        int computed = crc(buffer);
        if (buffer.getLong(0) != MAGIC || stored != computed) {
            throw new IOException("record of host " + expectedHost + " is damaged: checksum "
                    + Integer.toHexString(stored) + ", computed " + Integer.toHexString(computed));
        }
        byte[] name = new byte[Math.min(100, buffer.getShort(24) & 0xFFFF)];
        buffer.get(26, name);
        String host = new String(name, StandardCharsets.UTF_8);
        if (!host.equals(expectedHost)) {
            throw new IOException("record of host " + expectedHost + " was written by host " + host);
        }
        return new HeartbeatRecord(host, buffer.getLong(8), buffer.getLong(16));
    }

    private static int crc(ByteBuffer buffer) {
        CRC32C crc = new CRC32C();
        crc.update(buffer.duplicate().clear().limit(CRC_OFFSET));
        return (int) crc.getValue();
    }
}
