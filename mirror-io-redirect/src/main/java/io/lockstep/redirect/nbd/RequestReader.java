package io.lockstep.redirect.nbd;

import static io.lockstep.redirect.nbd.NbdWire.CMD_BLOCK_STATUS;
import static io.lockstep.redirect.nbd.NbdWire.CMD_CACHE;
import static io.lockstep.redirect.nbd.NbdWire.CMD_DISC;
import static io.lockstep.redirect.nbd.NbdWire.CMD_FLUSH;
import static io.lockstep.redirect.nbd.NbdWire.CMD_READ;
import static io.lockstep.redirect.nbd.NbdWire.CMD_WRITE;
import static io.lockstep.redirect.nbd.NbdWire.REQUEST_LENGTH;
import static io.lockstep.redirect.nbd.NbdWire.REQUEST_MAGIC;

import java.io.IOException;
import java.nio.channels.SocketChannel;

/**
 * Makes exchanges of the bytes of one client, one after the other. A write goes to the device only when its last byte has come; its
 * payload is read straight into the memory that the device gets.
 *
 * <pre>
 *   header --+-- READ, FLUSH ...  ------------------------> device
 *            +-- WRITE  ->  payload, all of it  ----------> device
 *            +-- WRITE that is refused  ->  payload skipped -> error reply
 *            +-- anything else that is refused  ----------> error reply
 * </pre>
 */
final class RequestReader {
    /** What a step came to. */
    enum Step {
        DONE,
        NEEDS_BYTES,
        NEEDS_MEMORY,
        LEAVES
    }

    private final Connection connection;
    private final Exchanges exchanges;
    private final InBuffer in;
    private Export export;
    private boolean structured;
    private boolean allocation;
    /** A write whose payload is not complete, and how many bytes of it have come. */
    private Exchange partial;

    private int received;
    /** A write that was refused, and how many bytes of its payload are still to come. */
    private Exchange refused;

    private long skip;

    RequestReader(Connection connection, Exchanges exchanges, InBuffer in) {
        this.connection = connection;
        this.exchanges = exchanges;
        this.in = in;
    }

    /** From here on there are requests for this export. */
    void start(Export with, boolean structuredReplies, boolean allocationContext) {
        export = with;
        structured = structuredReplies;
        allocation = allocationContext;
    }

    /** True while memory waits for the rest of a write. */
    boolean isInPayload() {
        return partial != null;
    }

    /** Reads from the client; -1 at the end of the stream. */
    long read(SocketChannel channel) throws IOException {
        if (partial == null) {
            return in.read(channel);
        }
        long count = in.read(channel, partial.data.bytes(), received, partial.length);
        received = partial.data.bytes().position();
        return count;
    }

    /** Takes the next piece of what came. */
    Step step() throws IOException {
        if (refused != null) {
            return skipPayload();
        }
        if (partial != null) {
            return takePayload();
        }
        if (in.available() < REQUEST_LENGTH) {
            return Step.NEEDS_BYTES;
        }
        RequestHead head = exchanges.head();
        in.head(head);
        if (head.magic != REQUEST_MAGIC) {
            throw new ProtocolViolation("a request begins with 0x" + Integer.toHexString(head.magic) + ", not with 0x"
                    + Integer.toHexString(REQUEST_MAGIC));
        }
        if (head.command == CMD_DISC) {
            return Step.LEAVES;
        }
        if (head.command == CMD_WRITE && head.length > export.maxPayload()) {
            throw new ProtocolViolation(
                    "a write of " + head.length + " bytes, at most " + export.maxPayload() + ": " + head);
        }
        return begin(head);
    }

    private Step skipPayload() {
        skip -= in.skip(skip);
        if (skip > 0) {
            return Step.NEEDS_BYTES;
        }
        Exchange done = refused;
        refused = null;
        exchanges.reply(done);
        return Step.DONE;
    }

    private Step takePayload() {
        received += in.take(partial.data, received, partial.length - received);
        if (received < partial.length) {
            return Step.NEEDS_BYTES;
        }
        Exchange whole = partial;
        partial = null;
        exchanges.submit(whole);
        return Step.DONE;
    }

    private Step begin(RequestHead head) {
        int error = head.judge(export, structured, allocation);
        Exchange exchange = exchanges.acquire(connection);
        if (exchange == null) {
            return Step.NEEDS_MEMORY;
        }
        if (error == NbdWire.OK && head.length > 0 && carriesData(head.command)) {
            int room = head.command == CMD_BLOCK_STATUS ? BlockStatus.ROOM : (int) head.length;
            if (!exchanges.buffer(exchange, room)) {
                exchanges.release(exchange);
                return Step.NEEDS_MEMORY;
            }
        }
        in.skip(REQUEST_LENGTH);
        exchange.cookie = head.cookie;
        exchange.command = head.command;
        exchange.flags = head.flags;
        exchange.offset = head.offset;
        exchange.length = (int) head.length;
        exchange.chunked = structured && (head.command == CMD_READ || head.command == CMD_BLOCK_STATUS);
        exchange.error = error;
        send(exchange);
        return Step.DONE;
    }

    private void send(Exchange exchange) {
        boolean payload = exchange.command == CMD_WRITE && exchange.length > 0;
        boolean wrong = exchange.error != NbdWire.OK;
        if (wrong && payload) {
            skip = exchange.length;
            refused = exchange;
        } else if (wrong || isNothing(exchange)) {
            exchanges.reply(exchange);
        } else if (payload) {
            partial = exchange;
            received = 0;
        } else {
            exchanges.submit(exchange);
        }
    }

    /** Nothing to do for the device: an empty range, or advice about a cache that a mirror does not have. */
    private static boolean isNothing(Exchange exchange) {
        return exchange.command == CMD_CACHE || (exchange.length == 0 && exchange.command != CMD_FLUSH);
    }

    private static boolean carriesData(int command) {
        return command == CMD_READ || command == CMD_WRITE || command == CMD_BLOCK_STATUS;
    }

    /** The client has left: nothing of a write that is not complete reaches the device. */
    void abandon() {
        if (partial != null) {
            exchanges.release(partial);
            partial = null;
        }
        if (refused != null) {
            exchanges.release(refused);
            refused = null;
        }
    }
}
