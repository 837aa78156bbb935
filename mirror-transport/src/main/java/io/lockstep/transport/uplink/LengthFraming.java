package io.lockstep.transport.uplink;

import io.lockstep.mirror.spi.FramePort;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Frames on a byte stream, each behind its length. Handles partial reads and writes; two fixed buffers, no allocation per frame.
 *
 * <pre>
 *   0              4
 *   +--------------+----------- -
 *   | length u32 BE| frame ...        1 to maxFrame bytes
 *   +--------------+----------- -
 * </pre>
 *
 * <p>Threading: one thread.
 */
public final class LengthFraming {
    private static final int PREFIX = Integer.BYTES;

    private final int maxFrame;
    /** Received, not delivered: between position and limit. */
    private final ByteBuffer in;
    /** To be sent: between position and limit. */
    private final ByteBuffer out;

    private final UnsafeBuffer inView;

    /**
     * Makes a framing with empty buffers.
     *
     * @param maxFrame longest frame in bytes
     * @param bufferBytes size of each of the two buffers; must hold at least one frame
     */
    public LengthFraming(int maxFrame, int bufferBytes) {
        if (maxFrame < 1 || bufferBytes < PREFIX + maxFrame) {
            throw new IllegalArgumentException("buffer of " + bufferBytes + " bytes, must be at least "
                    + (PREFIX + (long) maxFrame) + " for frames of " + maxFrame);
        }
        this.maxFrame = maxFrame;
        in = ByteBuffer.allocateDirect(bufferBytes);
        out = ByteBuffer.allocateDirect(bufferBytes);
        inView = new UnsafeBuffer(in);
        reset();
    }

    /** Forgets everything, for a new connection. */
    public void reset() {
        in.clear().limit(0);
        out.clear().limit(0);
    }

    /** Queues a frame; false, and nothing queued, if there is no room. */
    public boolean offer(DirectBuffer frame, int offset, int length) {
        if (length < 1 || length > maxFrame) {
            throw new IllegalArgumentException("frame of " + length + " bytes, must be 1 to " + maxFrame);
        }
        if (out.capacity() - out.limit() < PREFIX + length) {
            if (out.capacity() - out.remaining() < PREFIX + length) {
                return false;
            }
            out.compact().flip();
        }
        int end = out.limit();
        out.limit(end + PREFIX + length);
        out.putInt(end, length);
        frame.getBytes(offset, out, end + PREFIX, length);
        return true;
    }

    /** True while queued bytes wait to be written. */
    public boolean pending() {
        return out.hasRemaining();
    }

    /** Writes what the channel takes. */
    public void flush(WritableByteChannel channel) throws IOException {
        if (out.hasRemaining()) {
            channel.write(out);
        }
        if (!out.hasRemaining()) {
            out.clear().limit(0);
        }
    }

    /** Reads once what there is room for; the count of bytes, -1 at the end of the stream. */
    public int fill(ReadableByteChannel channel) throws IOException {
        if (!in.hasRemaining()) {
            in.clear().limit(0);
        } else if (in.capacity() - in.limit() < PREFIX + maxFrame) {
            in.compact().flip();
        }
        int start = in.position();
        in.position(in.limit()).limit(in.capacity());
        try {
            return in.hasRemaining() ? channel.read(in) : 0;
        } finally {
            in.limit(in.position()).position(start);
        }
    }

    /**
     * Hands over at most {@code limit} whole frames.
     *
     * @throws IOException if a length is not legal; the stream is of no more use
     */
    public int deliver(FramePort.Handler handler, int limit) throws IOException {
        int delivered = 0;
        while (delivered < limit && in.remaining() >= PREFIX) {
            int length = in.getInt(in.position());
            if (length < 1 || length > maxFrame) {
                throw new IOException(
                        "frame of " + Integer.toUnsignedLong(length) + " bytes, must be 1 to " + maxFrame);
            }
            if (in.remaining() - PREFIX < length) {
                break;
            }
            int offset = in.position() + PREFIX;
            in.position(offset + length);
            delivered++;
            handler.onFrame(inView, offset, length);
        }
        return delivered;
    }
}
