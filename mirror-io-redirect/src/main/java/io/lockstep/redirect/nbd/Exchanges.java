package io.lockstep.redirect.nbd;

import static io.lockstep.redirect.nbd.NbdWire.CMD_BLOCK_STATUS;
import static io.lockstep.redirect.nbd.NbdWire.CMD_FLAG_FAST_ZERO;
import static io.lockstep.redirect.nbd.NbdWire.CMD_FLAG_FUA;
import static io.lockstep.redirect.nbd.NbdWire.CMD_FLAG_NO_HOLE;
import static io.lockstep.redirect.nbd.NbdWire.CMD_FLUSH;
import static io.lockstep.redirect.nbd.NbdWire.CMD_READ;
import static io.lockstep.redirect.nbd.NbdWire.CMD_TRIM;
import static io.lockstep.redirect.nbd.NbdWire.CMD_WRITE;
import static io.lockstep.redirect.nbd.NbdWire.CMD_WRITE_ZEROES;

import io.lockstep.redirect.block.BlockCompletion;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.block.IoBuffer;
import java.util.ArrayDeque;

/**
 * The requests of all clients and their memory: a fixed number, of which one client gets at most half of the buffers, so that one that
 * does not read its replies leaves room for others.
 *
 * <pre>
 *   acquire -> buffer -> submit -> (device) -> onDone -> reply queue of the connection -> release
 *                                                |
 *                                                +--- the client has left: release
 * </pre>
 */
final class Exchanges implements BlockCompletion {
    private final Exchange[] all;
    private final int[] free;
    private final BufferPool buffers;
    private final int perConnection;
    private final int[] shares;
    private final RequestHead head = new RequestHead();
    private final ReplyWriter writer = new ReplyWriter();
    private final ArrayDeque<Connection> dirty = new ArrayDeque<>();
    private final ArrayDeque<Connection> starved = new ArrayDeque<>();
    private int freeCount;
    private boolean released;

    Exchanges(NbdServerConfig config) {
        all = new Exchange[config.maxRequests()];
        free = new int[all.length];
        for (int i = 0; i < all.length; i++) {
            all[i] = new Exchange(i);
            free[freeCount++] = all.length - 1 - i;
        }
        buffers = new BufferPool(config.smallBuffers(), config.mediumBuffers(), config.largeBuffers());
        perConnection = config.requestsPerConnection();
        shares =
                new int[] {config.smallBuffers() / 2, config.mediumBuffers() / 2, Math.max(1, config.largeBuffers() / 2)
                };
    }

    /** Requests that a client has, or whose client has left before they ended. */
    int inUse() {
        return all.length - freeCount;
    }

    /** Where the header of a request is read. */
    RequestHead head() {
        return head;
    }

    /** What sends the replies. */
    ReplyWriter writer() {
        return writer;
    }

    /** Most requests of one client. */
    int perConnection() {
        return perConnection;
    }

    /** Null if this client has its share, or nothing is left; {@link Connection#waitsForOthers} tells which. */
    Exchange acquire(Connection connection) {
        if (connection.held == perConnection || freeCount == 0) {
            connection.waitsForOthers(freeCount == 0);
            return null;
        }
        Exchange exchange = all[free[--freeCount]];
        exchange.connection = connection;
        exchange.error = NbdWire.OK;
        exchange.payload = 0;
        connection.held++;
        return exchange;
    }

    /** Gives the exchange memory for {@code length} bytes; false as with {@link #acquire}. */
    boolean buffer(Exchange exchange, int length) {
        Connection connection = exchange.connection;
        int size = length <= BufferPool.SMALL ? 0 : length <= BufferPool.MEDIUM ? 1 : 2;
        if (connection.buffers[size] == shares[size]) {
            connection.waitsForOthers(false);
            return false;
        }
        IoBuffer buffer = buffers.acquire(length);
        if (buffer == null) {
            connection.waitsForOthers(true);
            return false;
        }
        connection.buffers[size]++;
        exchange.data = buffer;
        exchange.dataOffset = 0;
        return true;
    }

    /** The exchange is over. */
    void release(Exchange exchange) {
        Connection connection = exchange.connection;
        if (exchange.data != null) {
            int capacity = exchange.data.capacity();
            connection.buffers[capacity == BufferPool.SMALL ? 0 : capacity == BufferPool.MEDIUM ? 1 : 2]--;
            exchange.data.release();
            exchange.data = null;
        }
        connection.held--;
        exchange.connection = null;
        free[freeCount++] = (int) exchange.request.id();
        released = true;
    }

    /** Hands a request whose payload is complete to the device. */
    void submit(Exchange exchange) {
        Export export = exchange.connection.export();
        BlockRequest request = exchange.request;
        boolean durable = exchange.has(CMD_FLAG_FUA);
        long length = exchange.length & 0xffff_ffffL;
        switch (exchange.command) {
            case CMD_READ -> request.read(exchange.offset, exchange.length, exchange.data, 0);
            case CMD_WRITE -> request.write(exchange.offset, exchange.length, exchange.data, 0, durable);
            case CMD_FLUSH -> request.flush();
            case CMD_TRIM -> request.discard(exchange.offset, length, durable);
            case CMD_WRITE_ZEROES ->
                request.writeZeroes(
                        exchange.offset,
                        length,
                        durable,
                        exchange.has(CMD_FLAG_NO_HOLE),
                        exchange.has(CMD_FLAG_FAST_ZERO));
            case CMD_BLOCK_STATUS -> BlockStatus.begin(exchange);
            default -> throw new IllegalStateException("command " + exchange.command + " has no verb");
        }
        export.issued();
        request.submitTo(export.device(), this);
    }

    @Override
    public void onDone(BlockRequest request) {
        Exchange exchange = all[(int) request.id()];
        Connection connection = exchange.connection;
        BlockFault fault = request.fault();
        if (fault == BlockFault.NONE && exchange.command == CMD_BLOCK_STATUS && BlockStatus.more(exchange)) {
            request.submitTo(connection.export().device(), this);
            return;
        }
        connection.export().completed();
        exchange.error = errorOf(fault);
        if (fault == BlockFault.NONE && exchange.command == CMD_READ) {
            exchange.payload = exchange.length;
        } else if (fault != BlockFault.NONE) {
            exchange.payload = 0;
        }
        reply(exchange);
    }

    /** The exchange has ended with what its fields say. */
    void reply(Exchange exchange) {
        if (!exchange.connection.reply(exchange)) {
            release(exchange);
        }
    }

    private static int errorOf(BlockFault fault) {
        return switch (fault) {
            case NONE -> NbdWire.OK;
            case NO_SPACE -> NbdWire.ENOSPC;
            case INVALID -> NbdWire.EINVAL;
            case NOT_SUPPORTED -> NbdWire.ENOTSUP;
            case PERMISSION -> NbdWire.EPERM;
            case IO, NOT_ISSUED, FENCED -> NbdWire.EIO;
        };
    }

    /** The connection has something to send. */
    void dirty(Connection connection) {
        dirty.addLast(connection);
    }

    /** The connection has a request that waits for an exchange or for memory. */
    void starved(Connection connection) {
        starved.addLast(connection);
    }

    /** Sends what there is to send. */
    int flush(long nowNs) {
        int work = 0;
        for (Connection next = dirty.pollFirst(); next != null; next = dirty.pollFirst()) {
            next.flush(nowNs);
            work++;
        }
        return work;
    }

    /** Lets those go on that waited, in turn, if something became free. */
    int feed() {
        if (!released) {
            return 0;
        }
        released = false;
        int turns = starved.size();
        for (int i = 0; i < turns; i++) {
            starved.pollFirst().feed();
        }
        return turns;
    }
}
