package io.lockstep.redirect.nbd;

import static io.lockstep.redirect.nbd.NbdWire.REQUEST_LENGTH;

import io.lockstep.redirect.block.IoBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * What came from a client and was not understood yet: headers, options, the beginning of a payload.
 *
 * <pre>
 *   | done | head ... available ... tail | room |
 * </pre>
 */
final class InBuffer {
    /** Bytes; also the limit of an option with its data. */
    static final int CAPACITY = 16 << 10;

    private final ByteBuffer bytes = ByteBuffer.allocateDirect(CAPACITY);
    private final ByteBuffer[] scatter = {null, bytes};
    private int head;
    private int tail;
    private boolean filled;

    /** For the next client. */
    void clear() {
        head = 0;
        tail = 0;
        filled = false;
    }

    int available() {
        return tail - head;
    }

    boolean hasRoom() {
        return available() < CAPACITY;
    }

    /** True if the last read brought as much as there was room for: there may be more. */
    boolean wasFilled() {
        return filled;
    }

    /** Reads what there is room for. -1 at the end of the stream. */
    int read(SocketChannel channel) throws IOException {
        makeRoom();
        int count = channel.read(bytes);
        filled = !bytes.hasRemaining();
        tail = bytes.position();
        return count;
    }

    /** Reads into {@code payload} from {@code from} to {@code to}, and what follows into this buffer, which must be empty. */
    long read(SocketChannel channel, ByteBuffer payload, int from, int to) throws IOException {
        makeRoom();
        payload.limit(to).position(from);
        scatter[0] = payload;
        long count = channel.read(scatter, 0, 2);
        scatter[0] = null;
        filled = !bytes.hasRemaining();
        tail = bytes.position();
        return count;
    }

    private void makeRoom() {
        if (head > 0) {
            bytes.limit(tail).position(head);
            bytes.compact();
            tail -= head;
            head = 0;
        }
        bytes.limit(CAPACITY).position(tail);
    }

    /** Leaves out up to {@code most} bytes; returns how many. */
    int skip(long most) {
        int count = (int) Math.min(most, available());
        head += count;
        return count;
    }

    /** Moves up to {@code most} bytes into a request's memory; returns how many. */
    int take(IoBuffer to, int at, int most) {
        int count = Math.min(most, available());
        to.view().putBytes(at, bytes, head, count);
        head += count;
        return count;
    }

    /** Reads the header at the front; {@link NbdWire#REQUEST_LENGTH} bytes must be available. */
    void head(RequestHead into) {
        if (available() < REQUEST_LENGTH) {
            throw new IllegalStateException("a header in " + available() + " bytes");
        }
        into.read(bytes, head);
    }

    /** An int, {@code at} bytes after the front. */
    int peekInt(int at) {
        return bytes.getInt(head + at);
    }

    /** A long, {@code at} bytes after the front. */
    long peekLong(int at) {
        return bytes.getLong(head + at);
    }

    /** Takes bytes off the front as an array of their own. For the handshake. */
    byte[] takeBytes(int count) {
        byte[] taken = new byte[count];
        bytes.get(head, taken);
        head += count;
        return taken;
    }
}
