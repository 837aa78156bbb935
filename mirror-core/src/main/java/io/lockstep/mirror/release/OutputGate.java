package io.lockstep.mirror.release;

import io.lockstep.mirror.spi.FramePort;
import java.nio.ByteBuffer;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Holds the guest's frames in order in one fixed buffer. When the buffer is full the caller stops taking frames from the guest
 * (invariant I7).
 *
 * <pre>
 *   positions only grow:   released <= permitted <= held
 *   record:                | length int | frame | pad to 8 |      length -1: the rest of the buffer is unused
 * </pre>
 *
 * <p>Threading: one thread. No allocation.
 */
public final class OutputGate {
    private static final int PREFIX = Integer.BYTES;
    private static final int SKIP = -1;
    private static final int MAX_RECORD = BitUtil.align(PREFIX + FramePort.MAX_FRAME, Long.BYTES);
    private static final int MAX_MARKS = 64;

    private final UnsafeBuffer buffer;
    private final int mask;
    private final long[] markEpochs = new long[MAX_MARKS];
    private final long[] markPositions = new long[MAX_MARKS];
    private int firstMark;
    private int marks;
    private long held;
    private long permitted;
    private long released;
    private long frames;

    /**
     * A gate.
     *
     * @param capacity bytes, a power of two of at least 512 KiB
     */
    public OutputGate(int capacity) {
        if (!BitUtil.isPowerOfTwo(capacity) || capacity < 4 * MAX_RECORD) {
            throw new IllegalArgumentException(
                    "held output buffer of " + capacity + " bytes: must be a power of two of at least 524288");
        }
        buffer = new UnsafeBuffer(ByteBuffer.allocateDirect(capacity));
        mask = capacity - 1;
    }

    /** True if a frame of any size fits, even if the rest of the buffer is too short for it and stays unused. */
    public boolean hasRoom() {
        return held - released + 2L * MAX_RECORD <= buffer.capacity();
    }

    /** Takes a frame; legal only after {@link #hasRoom()}. */
    public void hold(DirectBuffer source, int offset, int length) {
        if (length < 0 || length > FramePort.MAX_FRAME || !hasRoom()) {
            throw new IllegalStateException(
                    "frame of " + length + " bytes, limit " + FramePort.MAX_FRAME + ", with " + heldBytes() + " held");
        }
        int size = BitUtil.align(PREFIX + length, Long.BYTES);
        int at = (int) held & mask;
        if (at + size > buffer.capacity()) {
            buffer.putInt(at, SKIP);
            held += buffer.capacity() - at;
            at = 0;
        }
        buffer.putInt(at, length);
        buffer.putBytes(at + PREFIX, source, offset, length);
        held += size;
        frames++;
    }

    /** Everything held so far belongs to this epoch or an earlier one. */
    public void mark(long epoch) {
        if (marks == MAX_MARKS) {
            throw new IllegalStateException("more than " + MAX_MARKS + " epochs in flight");
        }
        int index = (firstMark + marks++) % MAX_MARKS;
        markEpochs[index] = epoch;
        markPositions[index] = held;
    }

    /** The secondary has every epoch up to this one: its frames may leave. */
    public void permit(long epoch) {
        while (marks > 0 && markEpochs[firstMark] <= epoch) {
            permitted = Math.max(permitted, markPositions[firstMark]);
            firstMark = (firstMark + 1) % MAX_MARKS;
            marks--;
        }
    }

    /** Everything held may leave: this host runs the guest alone and holds the term. */
    public void permitAll() {
        permitted = held;
        marks = 0;
    }

    /** Throws away everything that may not leave yet. */
    public void dropUnpermitted() {
        long position = released;
        long kept = 0;
        while (position < permitted) {
            int length = buffer.getInt((int) position & mask);
            position += step(position, length);
            kept += length == SKIP ? 0 : 1;
        }
        held = permitted;
        marks = 0;
        frames = kept;
    }

    /** Sends frames that may leave, as many as the port takes; returns how many. */
    public int release(FramePort port) {
        int sent = 0;
        while (released < permitted) {
            int at = (int) released & mask;
            int length = buffer.getInt(at);
            if (length != SKIP) {
                if (!port.offer(buffer, at + PREFIX, length)) {
                    break;
                }
                sent++;
                frames--;
            }
            released += step(released, length);
        }
        return sent;
    }

    private long step(long position, int length) {
        return length == SKIP ? buffer.capacity() - (position & mask) : BitUtil.align(PREFIX + length, Long.BYTES);
    }

    /** Frames that are in the gate. */
    public long heldFrames() {
        return frames;
    }

    /** Bytes that are in the gate. */
    public long heldBytes() {
        return held - released;
    }

    /** True if something waits that no epoch covers yet. */
    public boolean hasUnmarked() {
        long covered = marks == 0 ? permitted : markPositions[(firstMark + marks - 1) % MAX_MARKS];
        return held > covered;
    }

    /** True if something may leave but has not. */
    public boolean hasReleasable() {
        return released < permitted;
    }
}
