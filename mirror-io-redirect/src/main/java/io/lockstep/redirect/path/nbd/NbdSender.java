package io.lockstep.redirect.path.nbd;

import io.lockstep.redirect.nbd.NbdWire;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;

/**
 * Commands on their way into the socket. Headers and small payloads are gathered in one buffer, so that many requests cost one system call;
 * a large payload goes from where it is.
 */
final class NbdSender {
    private static final int BUFFER = 256 << 10;
    private static final int COPIED = 16 << 10;

    private final ByteBuffer out = ByteBuffer.allocateDirect(BUFFER);
    private final ByteBuffer zeroes = ByteBuffer.allocateDirect(NbdPlan.ZEROES);
    private final ByteBuffer[] pair = new ByteBuffer[2];
    private final NbdOp[] queue;
    private int first;
    private int count;
    private NbdOp large;
    private int largeSent;
    private long encoded;
    private long sent;

    /** Room for as many commands as there are operations. */
    NbdSender(int operations) {
        queue = new NbdOp[operations];
    }

    void add(NbdOp op) {
        queue[(first + count++) % queue.length] = op;
    }

    /** True if the socket has taken all of it: the server may act on it. */
    boolean isSent(NbdOp op) {
        return op.endAt <= sent;
    }

    boolean isEmpty() {
        return count == 0 && large == null && out.position() == 0;
    }

    /** Forgets everything. */
    void reset() {
        first = 0;
        count = 0;
        large = null;
        out.clear();
        encoded = 0;
        sent = 0;
    }

    /** Writes what the socket takes; false if something is left. */
    boolean flush(GatheringByteChannel channel) throws IOException {
        while (true) {
            encode();
            if (isEmpty()) {
                return true;
            }
            int buffered = out.position();
            out.flip();
            long written;
            if (large == null) {
                written = channel.write(out);
            } else {
                pair[0] = out;
                pair[1] = largePayload();
                written = channel.write(pair, 0, 2);
                largeSent += (int) Math.max(0, written - buffered);
                large = largeSent == large.payload ? null : large;
            }
            out.compact();
            sent += written;
            if (out.position() > 0 || large != null) {
                return false;
            }
        }
    }

    private ByteBuffer largePayload() {
        ByteBuffer bytes = zeroes;
        int start = 0;
        if (!large.sendsZeroes()) {
            bytes = large.request.data().bytes();
            start = large.bufferIndex();
        }
        return bytes.limit(start + large.payload).position(start + largeSent);
    }

    private void encode() {
        while (count > 0 && large == null) {
            NbdOp op = queue[first];
            boolean copied = op.payload <= COPIED;
            if (out.remaining() < NbdWire.REQUEST_LENGTH + (copied ? op.payload : 0)) {
                return;
            }
            queue[first] = null;
            first = (first + 1) % queue.length;
            count--;
            out.putInt(NbdWire.REQUEST_MAGIC).putShort((short) op.flags).putShort((short) op.command);
            out.putLong(op.cookie).putLong(op.offset).putInt(op.length);
            encoded += NbdWire.REQUEST_LENGTH + op.payload;
            op.endAt = encoded;
            if (!copied) {
                large = op;
                largeSent = 0;
            } else if (op.payload > 0 && op.sendsZeroes()) {
                out.put(out.position(), zeroes, 0, op.payload).position(out.position() + op.payload);
            } else if (op.payload > 0) {
                op.request.data().view().getBytes(op.bufferIndex(), out, op.payload);
            }
        }
    }
}
