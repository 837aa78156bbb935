package io.lockstep.redirect.path.nbd;

import io.lockstep.redirect.nbd.NbdWire;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ScatteringByteChannel;

/**
 * Replies on their way out of the socket, simple and structured. Everything that comes is checked against what was asked; the first thing
 * that does not fit is an {@link NbdBreach}. A large payload goes straight to where it belongs, the rest through one buffer. Operations that
 * have ended are kept until {@link #pollEnded}, so that nobody changes anything while bytes are being taken apart.
 */
final class NbdReceiver {
    private static final int BUFFER = 128 << 10;
    /** A shorter rest of a payload comes through the buffer, together with the reply behind it. */
    private static final int STRAIGHT = 16 << 10;
    /** Reads of one turn, so that a fast server does not keep the thread for itself. */
    private static final int MAX_READS = 16;

    private static final int ERROR_LENGTH = 6;
    private static final int MAX_ERROR_CHUNK = NbdWire.MAX_STRING + 64;
    private static final int EXTENT_LENGTH = 8;
    private static final int MAX_STATUS_CHUNK = 1 << 20;

    private enum State {
        REPLY,
        DATA_HEAD,
        HOLE,
        EXTENT,
        ERROR,
        DATA,
        SKIP
    }

    private final ByteBuffer in = ByteBuffer.allocateDirect(BUFFER);
    private final ByteBuffer[] pair = new ByteBuffer[2];
    private final NbdOp[] operations;
    private final NbdSender sender;
    private final NbdOp[] ended;
    private int endedFirst;
    private int endedCount;
    private NbdExport export;
    private State state = State.REPLY;
    private NbdOp op;
    private boolean last;
    private int left;
    private int target;

    /** Finds operations by the lower half of their cookie. */
    NbdReceiver(NbdOp[] operations, NbdSender sender) {
        this.operations = operations;
        this.sender = sender;
        this.ended = new NbdOp[operations.length];
    }

    /** For the negotiation, which comes before any reply: ready to be filled. */
    ByteBuffer buffer() {
        return in;
    }

    /** Forgets everything. */
    void reset() {
        in.clear();
        state = State.REPLY;
        op = null;
        endedFirst = 0;
        endedCount = 0;
    }

    /** From here on replies come; what the buffer holds already counts. */
    void begin(NbdExport with) {
        export = with;
    }

    /** An operation whose command was answered, or null. */
    NbdOp pollEnded() {
        if (endedCount == 0) {
            return null;
        }
        NbdOp next = ended[endedFirst];
        ended[endedFirst] = null;
        endedFirst = (endedFirst + 1) % ended.length;
        endedCount--;
        return next;
    }

    /** Takes what the socket has; returns the bytes read. */
    long receive(ScatteringByteChannel channel) throws IOException, NbdBreach {
        long total = 0;
        for (int i = 0; i < MAX_READS; i++) {
            long wanted = in.remaining();
            long got;
            if (state == State.DATA && left >= STRAIGHT) {
                wanted += left;
                got = readStraight(channel);
            } else {
                got = channel.read(in);
            }
            if (got < 0) {
                throw new NbdBreach("the server closed the connection");
            }
            total += got;
            takeApart();
            if (got < wanted) {
                return total; // the socket is empty
            }
        }
        return total;
    }

    private long readStraight(ScatteringByteChannel channel) throws IOException {
        // The buffer is empty here: what it had of the payload was taken out before.
        pair[0] = op.request.data().bytes().limit(target + left).position(target);
        pair[1] = in;
        long got = channel.read(pair, 0, 2);
        if (got > 0) {
            int straight = (int) Math.min(got, left);
            target += straight;
            left -= straight;
        }
        return got;
    }

    private void takeApart() throws NbdBreach {
        in.flip();
        boolean more = true;
        while (more) {
            more = switch (state) {
                case REPLY -> reply();
                case DATA_HEAD -> dataHead();
                case HOLE -> hole();
                case EXTENT -> extent();
                case ERROR -> error();
                case DATA -> data();
                case SKIP -> skip();
            };
        }
        in.compact();
    }

    private boolean reply() throws NbdBreach {
        if (in.remaining() < NbdWire.SIMPLE_REPLY_LENGTH) {
            return false;
        }
        int magic = in.getInt(in.position());
        if (magic == NbdWire.SIMPLE_REPLY_MAGIC) {
            return simple();
        }
        if (magic != NbdWire.CHUNK_MAGIC || !export.structured()) {
            throw new NbdBreach("bad magic in a reply: 0x" + Integer.toHexString(magic));
        }
        return in.remaining() >= NbdWire.CHUNK_LENGTH && chunk();
    }

    private boolean simple() throws NbdBreach {
        in.getInt();
        int code = in.getInt();
        op = find(in.getLong());
        boolean read = op.command == NbdWire.CMD_READ;
        if (export.structured() && (read || op.command == NbdWire.CMD_BLOCK_STATUS)) {
            throw new NbdBreach("a simple reply where structured ones were agreed on");
        }
        last = true;
        op.error = code;
        if (read && code == NbdWire.OK) {
            op.coverage.add(0, op.length);
            target = op.bufferIndex();
            left = op.length;
            state = State.DATA;
        } else {
            endOfPart();
        }
        return true;
    }

    private boolean chunk() throws NbdBreach {
        in.getInt();
        int flags = in.getShort();
        int type = in.getShort() & 0xffff;
        op = find(in.getLong());
        left = in.getInt();
        last = (flags & NbdWire.REPLY_FLAG_DONE) != 0;
        if ((flags & ~NbdWire.REPLY_FLAG_DONE) != 0) {
            throw new NbdBreach("unknown flags in a chunk: 0x" + Integer.toHexString(flags & 0xffff));
        }
        if ((type & NbdWire.REPLY_TYPE_ERR) != 0) {
            expect(left >= ERROR_LENGTH && left <= MAX_ERROR_CHUNK, type);
            state = State.ERROR;
            return true;
        }
        boolean read = op.command == NbdWire.CMD_READ;
        switch (type) {
            case NbdWire.REPLY_TYPE_NONE -> {
                expect(left == 0 && last, type);
                endOfPart();
            }
            case NbdWire.REPLY_TYPE_OFFSET_DATA -> {
                expect(read && left > Long.BYTES && left - Long.BYTES <= op.length, type);
                state = State.DATA_HEAD;
            }
            case NbdWire.REPLY_TYPE_OFFSET_HOLE -> {
                expect(read && left == Long.BYTES + Integer.BYTES, type);
                state = State.HOLE;
            }
            case NbdWire.REPLY_TYPE_BLOCK_STATUS -> {
                boolean whole = left % EXTENT_LENGTH == Integer.BYTES;
                expect(
                        op.command == NbdWire.CMD_BLOCK_STATUS
                                && op.runLength == 0
                                && whole
                                && left > EXTENT_LENGTH
                                && left <= MAX_STATUS_CHUNK,
                        type);
                state = State.EXTENT;
            }
            default -> throw new NbdBreach("a chunk of unknown type " + type);
        }
        return true;
    }

    private void expect(boolean legal, int type) throws NbdBreach {
        if (!legal) {
            throw new NbdBreach("a chunk of type " + type + " with " + Integer.toUnsignedString(left)
                    + " bytes does not fit command " + op.command + " of " + op.length + " bytes");
        }
    }

    private NbdOp find(long cookie) throws NbdBreach {
        int index = (int) cookie;
        if (index < 0 || index >= operations.length) {
            throw new NbdBreach("a reply with unknown cookie " + cookie);
        }
        NbdOp found = operations[index];
        if (found.request == null || found.cookie != cookie || !sender.isSent(found)) {
            throw new NbdBreach("a reply with unknown cookie " + cookie);
        }
        return found;
    }

    private boolean dataHead() throws NbdBreach {
        if (in.remaining() < Long.BYTES) {
            return false;
        }
        left -= Long.BYTES;
        target = op.bufferIndex() + covered(in.getLong(), left);
        state = State.DATA;
        return true;
    }

    private boolean hole() throws NbdBreach {
        if (in.remaining() < Long.BYTES + Integer.BYTES) {
            return false;
        }
        long at = in.getLong();
        int length = in.getInt();
        int begin = covered(at, length);
        op.request.data().view().setMemory(op.bufferIndex() + begin, length, (byte) 0);
        endOfPart();
        return true;
    }

    /** Where in the command a piece begins; it must be in it, and new. */
    private int covered(long at, int length) throws NbdBreach {
        long begin = at - op.offset;
        if (at < op.offset || length <= 0 || length > op.length || begin > op.length - length) {
            throw new NbdBreach("a piece of " + Integer.toUnsignedString(length) + " bytes at " + at
                    + " outside a read of " + op.length + " at " + op.offset);
        }
        if (!op.coverage.add((int) begin, (int) begin + length)) {
            throw new NbdBreach("a piece of a read comes twice, or in too many parts");
        }
        return (int) begin;
    }

    private boolean extent() throws NbdBreach {
        if (in.remaining() < Integer.BYTES + EXTENT_LENGTH) {
            return false;
        }
        int context = in.getInt();
        long length = Integer.toUnsignedLong(in.getInt());
        int flags = in.getInt();
        if (context != export.context() || length == 0) {
            throw new NbdBreach("an extent of " + length + " bytes in context " + context);
        }
        op.runLength = Math.min(length, op.length);
        op.runFlags = flags;
        left -= Integer.BYTES + EXTENT_LENGTH;
        state = State.SKIP;
        return true;
    }

    private boolean error() throws NbdBreach {
        if (in.remaining() < ERROR_LENGTH) {
            return false;
        }
        int code = in.getInt();
        int text = in.getShort() & 0xffff;
        left -= ERROR_LENGTH;
        if (code == NbdWire.OK || text > left) {
            throw new NbdBreach("an error chunk with code " + code + " and a text of " + text + " bytes");
        }
        op.error = op.error == NbdWire.OK ? code : op.error;
        state = State.SKIP;
        return true;
    }

    private boolean data() throws NbdBreach {
        int part = Math.min(left, in.remaining());
        if (part > 0) {
            op.request.data().view().putBytes(target, in, part);
            target += part;
            left -= part;
        }
        if (left > 0) {
            return false;
        }
        endOfPart();
        return true;
    }

    private boolean skip() throws NbdBreach {
        int part = Math.min(left, in.remaining());
        in.position(in.position() + part);
        left -= part;
        if (left > 0) {
            return false;
        }
        endOfPart();
        return true;
    }

    private void endOfPart() throws NbdBreach {
        state = State.REPLY;
        if (!last) {
            return;
        }
        NbdOp done = op;
        op = null;
        if (done.error == NbdWire.OK) {
            if (done.command == NbdWire.CMD_READ && !done.coverage.isComplete(done.length)) {
                throw new NbdBreach("a read of " + done.length + " bytes was answered in part");
            }
            if (done.command == NbdWire.CMD_BLOCK_STATUS && done.runLength == 0) {
                throw new NbdBreach("a block status without an extent");
            }
        }
        done.endAt = NbdOp.ANSWERED; // a second answer finds nothing
        ended[(endedFirst + endedCount++) % ended.length] = done;
    }
}
