package io.lockstep.transport.tcp;

import io.lockstep.mirror.record.FrameDescriptor;
import io.lockstep.mirror.record.FrameKind;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Payload of a HELLO frame, both ways. Little endian; the layout is the same in every protocol version, later ones may append.
 *
 * <pre>
 *   0     1        2            4            6        8              16             24
 *   +-----+--------+------------+------------+--------+--------------+--------------+
 *   |type |channel | versionMin | versionMax | 0      | nonce        | answer       |
 *   +-----+--------+------------+------------+--------+--------------+--------------+
 *   24          28          32        34       36         38
 *   +-----------+-----------+---------+--------+----------+------+----+------+
 *   | maxBulk   | maxControl| hostLen | vmLen  | textLen  | host | vm | text |
 *   +-----------+-----------+---------+--------+----------+------+----+------+
 * </pre>
 *
 * {@code nonce} is the connector's random number and ties the two connections of a session together; {@code answer} is the
 * acceptor's, so that a recorded session cannot be played back to either side. {@code text} is the reason of a refusal.
 */
record Hello(
        Type type,
        FrameKind channel,
        int versionMin,
        int versionMax,
        long nonce,
        long answer,
        int maxBulk,
        int maxControl,
        String host,
        String vm,
        String text) {
    /** The codes never change. */
    enum Type {
        HELLO(0),
        WELCOME(1),
        REFUSED(2);

        private final byte code;

        Type(int code) {
            this.code = (byte) code;
        }
    }

    static final int FIXED_LENGTH = 38;
    static final int MAX_NAME = 255;
    static final int MAX_TEXT = 1_000;

    /** Room for this version's payload and what later ones append. */
    static final int MAX_LENGTH = 2_048;

    static void requireName(String what, String name) {
        if (name == null || name.isBlank()) {
            throw new IllegalArgumentException(what + " name is empty");
        }
        int length = name.getBytes(StandardCharsets.UTF_8).length;
        if (length > MAX_NAME) {
            throw new IllegalArgumentException(what + " name has " + length + " bytes, limit " + MAX_NAME);
        }
    }

    static Hello refused(String host, long nonce, String why) {
        int version = FrameDescriptor.VERSION;
        return new Hello(Type.REFUSED, FrameKind.HELLO, version, version, nonce, 0, 0, 0, host, "", why);
    }

    Hello welcome(String welcomingHost, long newAnswer) {
        int version = FrameDescriptor.VERSION;
        return new Hello(
                Type.WELCOME, channel, version, version, nonce, newAnswer, maxBulk, maxControl, welcomingHost, vm, "");
    }

    /** The number that all frames of the session carry; both sides have a part in it. */
    long session() {
        long mixed = (nonce ^ Long.rotateLeft(answer, 31)) * 0x9E3779B97F4A7C15L;
        return mixed ^ mixed >>> 32;
    }

    /** Writes the payload at {@code offset}; returns its length. */
    int write(ByteBuffer buffer, int offset) {
        byte[] hostBytes = bytes(host, MAX_NAME);
        byte[] vmBytes = bytes(vm, MAX_NAME);
        byte[] textBytes = bytes(text, MAX_TEXT);
        buffer.put(offset, type.code);
        buffer.put(offset + 1, channel.code());
        buffer.putShort(offset + 2, (short) versionMin);
        buffer.putShort(offset + 4, (short) versionMax);
        buffer.putShort(offset + 6, (short) 0);
        buffer.putLong(offset + 8, nonce);
        buffer.putLong(offset + 16, answer);
        buffer.putInt(offset + 24, maxBulk);
        buffer.putInt(offset + 28, maxControl);
        buffer.putShort(offset + 32, (short) hostBytes.length);
        buffer.putShort(offset + 34, (short) vmBytes.length);
        buffer.putShort(offset + 36, (short) textBytes.length);
        int at = offset + FIXED_LENGTH;
        buffer.put(at, hostBytes);
        buffer.put(at + hostBytes.length, vmBytes);
        buffer.put(at + hostBytes.length + vmBytes.length, textBytes);
        return FIXED_LENGTH + hostBytes.length + vmBytes.length + textBytes.length;
    }

    /** Reads and checks a payload. */
    static Hello read(ByteBuffer buffer, int offset, int length) throws LinkFault {
        if (length < FIXED_LENGTH) {
            throw new LinkFault("hello of " + length + " bytes, at least " + FIXED_LENGTH);
        }
        Type type = type(buffer.get(offset));
        int hostLength = Short.toUnsignedInt(buffer.getShort(offset + 32));
        int vmLength = Short.toUnsignedInt(buffer.getShort(offset + 34));
        int textLength = Short.toUnsignedInt(buffer.getShort(offset + 36));
        int at = offset + FIXED_LENGTH;
        if (hostLength > MAX_NAME || vmLength > MAX_NAME || textLength > MAX_TEXT) {
            throw new LinkFault("hello with texts of " + hostLength + ", " + vmLength + ", " + textLength
                    + " bytes, limits " + MAX_NAME + ", " + MAX_NAME + ", " + MAX_TEXT);
        }
        if (hostLength + vmLength + textLength > length - FIXED_LENGTH) {
            throw new LinkFault("hello of " + length + " bytes with texts of " + (hostLength + vmLength + textLength));
        }
        return new Hello(
                type,
                channel(buffer.get(offset + 1)),
                Short.toUnsignedInt(buffer.getShort(offset + 2)),
                Short.toUnsignedInt(buffer.getShort(offset + 4)),
                buffer.getLong(offset + 8),
                buffer.getLong(offset + 16),
                buffer.getInt(offset + 24),
                buffer.getInt(offset + 28),
                text(buffer, at, hostLength),
                text(buffer, at + hostLength, vmLength),
                text(buffer, at + hostLength + vmLength, textLength));
    }

    /** Why a HELLO does not fit this side's version and limits; empty if it does. */
    String mismatch(TcpConfig own) {
        int version = FrameDescriptor.VERSION;
        if (version < versionMin || version > versionMax) {
            return "protocol version " + version + " on host " + own.host() + ", " + versionMin + " to " + versionMax
                    + " on host " + host;
        }
        TcpConfig.Limits limits = own.limits();
        if (maxBulk != limits.maxBulk() || maxControl != limits.maxControl()) {
            return "frame limits " + limits.maxBulk() + " and " + limits.maxControl() + " bytes on host " + own.host()
                    + ", " + maxBulk + " and " + maxControl + " on host " + host;
        }
        return "";
    }

    private static Type type(byte code) throws LinkFault {
        for (Type type : Type.values()) {
            if (type.code == code) {
                return type;
            }
        }
        throw new LinkFault("hello of type " + code + ", highest " + Type.REFUSED.code);
    }

    private static FrameKind channel(byte code) {
        for (FrameKind kind : FrameKind.values()) {
            if (kind.code() == code) {
                return kind;
            }
        }
        return FrameKind.HELLO;
    }

    private static byte[] bytes(String text, int limit) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return bytes.length <= limit ? bytes : Arrays.copyOf(bytes, limit);
    }

    /** Control characters become dots: these texts end up in logs. */
    private static String text(ByteBuffer buffer, int offset, int length) {
        byte[] bytes = new byte[length];
        buffer.get(offset, bytes);
        return new String(bytes, StandardCharsets.UTF_8).replaceAll("\\p{Cntrl}", ".");
    }
}
