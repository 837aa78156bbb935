package io.lockstep.mirror.record;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Finds and checks the frames in the bytes of one direction of one connection (invariant I8). No input or output; allocates only the
 * text of a fault.
 *
 * <pre>
 *   start...() --&gt; next(buffer) --&gt; MORE    bytes are missing: append to the buffer, call again
 *                               --&gt; FRAME   payloadOffset(), payloadLength(); the buffer's position is behind the frame
 *                               --&gt; FAULT   fault(), faultText(); stays so until the next start...()
 * </pre>
 *
 * <p>Threading: one thread.
 */
public final class FrameDecoder {
    /** What {@link #next} found. */
    public enum Step {
        /** No whole frame yet. */
        MORE,
        /** A whole, checked frame. */
        FRAME,
        /** Bytes that are no acceptable frame. */
        FAULT
    }

    private final int maxPayload;
    private final CRC32C crc = new CRC32C();
    private FrameKind expected = FrameKind.HELLO;
    private long session;
    private long nextSequence;
    private int payloadOffset;
    private int payloadLength;
    private long frameSession;
    private FrameFault fault;
    private String faultText = "";

    /** Makes a decoder that accepts payloads of at most {@code maxPayload} bytes. */
    public FrameDecoder(int maxPayload) {
        if (maxPayload < 0 || maxPayload > FrameDescriptor.MAX_PAYLOAD) {
            throw new IllegalArgumentException(
                    "max payload " + maxPayload + " bytes, limit " + FrameDescriptor.MAX_PAYLOAD);
        }
        this.maxPayload = maxPayload;
    }

    /** Begins a connection: expects HELLO frames of any version and session, in sequence. */
    public void startHandshake() {
        start(FrameKind.HELLO, 0);
    }

    /** Begins a session: expects frames of {@code kind} and {@code newSession}, the first with sequence number 0. */
    public void start(FrameKind kind, long newSession) {
        expected = kind;
        session = newSession;
        nextSequence = 0;
        fault = null;
        faultText = "";
    }

    /**
     * Looks at the bytes between the buffer's position and limit. Moves the position behind a frame, otherwise leaves it.
     *
     * @param buffer little endian, direct or over an array; its bytes are not changed
     */
    public Step next(ByteBuffer buffer) {
        FrameDescriptor.requireLittleEndian(buffer);
        if (fault != null) {
            return Step.FAULT;
        }
        int offset = buffer.position();
        int available = buffer.remaining();
        if (available >= Integer.BYTES) {
            int magic = buffer.getInt(offset + FrameDescriptor.MAGIC_OFFSET);
            if (magic != FrameDescriptor.MAGIC) {
                return fail(FrameFault.BAD_MAGIC, "magic " + hex(magic) + ", expected " + hex(FrameDescriptor.MAGIC));
            }
        }
        if (available < FrameDescriptor.HEADER_LENGTH) {
            return Step.MORE;
        }
        if (!headerAcceptable(buffer, offset)) {
            return Step.FAULT;
        }
        int length = buffer.getInt(offset + FrameDescriptor.LENGTH_OFFSET);
        if (available - FrameDescriptor.HEADER_LENGTH < length) {
            return Step.MORE;
        }
        if (!contentAcceptable(buffer, offset, length)) {
            return Step.FAULT;
        }
        nextSequence++;
        payloadOffset = offset + FrameDescriptor.HEADER_LENGTH;
        payloadLength = length;
        buffer.position(payloadOffset + length);
        return Step.FRAME;
    }

    /** Absolute index of the last frame's payload in the buffer. */
    public int payloadOffset() {
        return payloadOffset;
    }

    /** Bytes of the last frame's payload. */
    public int payloadLength() {
        return payloadLength;
    }

    /** The last frame's session number; of interest for a HELLO only. */
    public long frameSession() {
        return frameSession;
    }

    /** Sequence number that the next frame must have. */
    public long nextSequence() {
        return nextSequence;
    }

    /** What was wrong; null while nothing was. */
    public FrameFault fault() {
        return fault;
    }

    /** The fault's name, the offending value and the limit; empty while nothing was wrong. */
    public String faultText() {
        return faultText;
    }

    /** What is needed to know where the frame ends; nothing here is protected yet by the checksum. */
    private boolean headerAcceptable(ByteBuffer buffer, int offset) {
        int code = Byte.toUnsignedInt(buffer.get(offset + FrameDescriptor.KIND_OFFSET));
        if (code != expected.code()) {
            FrameKind kind = FrameKind.of(code);
            fail(
                    FrameFault.UNKNOWN_KIND,
                    "kind " + (kind == null ? "" + code : kind + " (" + code + ")") + ", expected " + expected + " ("
                            + expected.code() + ")");
            return false;
        }
        int version = Short.toUnsignedInt(buffer.getShort(offset + FrameDescriptor.VERSION_OFFSET));
        if (version != FrameDescriptor.VERSION && expected != FrameKind.HELLO) {
            fail(FrameFault.BAD_VERSION, "version " + version + ", expected " + FrameDescriptor.VERSION);
            return false;
        }
        int length = buffer.getInt(offset + FrameDescriptor.LENGTH_OFFSET);
        if (length < 0 || length > maxPayload) {
            fail(FrameFault.TOO_LONG, "payload of " + Integer.toUnsignedLong(length) + " bytes, limit " + maxPayload);
            return false;
        }
        return true;
    }

    private boolean contentAcceptable(ByteBuffer buffer, int offset, int length) {
        int stored = buffer.getInt(offset + FrameDescriptor.CRC_OFFSET);
        int computed = FrameDescriptor.crc(crc, buffer, offset, length);
        if (stored != computed) {
            fail(
                    FrameFault.BAD_CRC,
                    "crc " + hex(stored) + ", computed " + hex(computed) + " over " + length + " payload bytes");
            return false;
        }
        frameSession = buffer.getLong(offset + FrameDescriptor.SESSION_OFFSET);
        if (frameSession != session && expected != FrameKind.HELLO) {
            fail(FrameFault.WRONG_SESSION, "session " + hex(frameSession) + ", expected " + hex(session));
            return false;
        }
        long sequence = buffer.getLong(offset + FrameDescriptor.SEQUENCE_OFFSET);
        if (sequence != nextSequence) {
            fail(
                    FrameFault.OUT_OF_SEQUENCE,
                    "sequence " + Long.toUnsignedString(sequence) + ", expected " + nextSequence);
            return false;
        }
        return true;
    }

    private Step fail(FrameFault newFault, String text) {
        fault = newFault;
        faultText = newFault + ": " + text + ", at sequence " + nextSequence;
        return Step.FAULT;
    }

    private static String hex(int value) {
        return "0x" + Integer.toHexString(value);
    }

    private static String hex(long value) {
        return "0x" + Long.toHexString(value);
    }
}
