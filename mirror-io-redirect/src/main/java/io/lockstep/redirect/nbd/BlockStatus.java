package io.lockstep.redirect.nbd;

import static io.lockstep.redirect.nbd.NbdWire.CMD_FLAG_REQ_ONE;
import static io.lockstep.redirect.nbd.NbdWire.STATE_HOLE;
import static io.lockstep.redirect.nbd.NbdWire.STATE_ZERO;

import io.lockstep.redirect.block.BlockRequest;
import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Collects the runs that a device reports one by one into the payload of one BLOCK_STATUS reply.
 *
 * <pre>
 *   | context id 4 | length 4 | STATE_* 4 | length 4 | STATE_* 4 | ...
 * </pre>
 */
final class BlockStatus {
    /** The id of base:allocation, the only context. */
    static final int CONTEXT_ID = 1;
    /** Memory of a reply. */
    static final int ROOM = Integer.BYTES + BlockStatus.MOST_EXTENTS * BlockStatus.EXTENT;

    private static final int MOST_EXTENTS = 128;
    private static final int EXTENT = 8;

    private BlockStatus() {}

    /** Sets the request for the first run. */
    static void begin(Exchange exchange) {
        exchange.data.view().putInt(0, CONTEXT_ID, ByteOrder.BIG_ENDIAN);
        exchange.payload = Integer.BYTES;
        exchange.request.status(exchange.offset, exchange.length & 0xffff_ffffL);
    }

    /** Takes the run that the request brought. True if the request was set again for the next one. */
    static boolean more(Exchange exchange) {
        BlockRequest request = exchange.request;
        long asked = request.length();
        long run = Math.min(asked, request.extentLength());
        if (run < 1) {
            throw new IllegalStateException(
                    "a device reported a run of " + request.extentLength() + " bytes: " + request);
        }
        int state = (request.extentHole() ? STATE_HOLE : 0) | (request.extentZero() ? STATE_ZERO : 0);
        append(exchange, run, state);
        boolean full = exchange.payload > ROOM - EXTENT || exchange.has(CMD_FLAG_REQ_ONE);
        if (run == asked || full) {
            return false;
        }
        request.status(request.offset() + run, asked - run);
        return true;
    }

    private static void append(Exchange exchange, long run, int state) {
        UnsafeBuffer view = exchange.data.view();
        int last = exchange.payload - EXTENT;
        if (last >= Integer.BYTES && view.getInt(last + Integer.BYTES, ByteOrder.BIG_ENDIAN) == state) {
            int merged = view.getInt(last, ByteOrder.BIG_ENDIAN) + (int) run;
            view.putInt(last, merged, ByteOrder.BIG_ENDIAN);
            return;
        }
        view.putInt(exchange.payload, (int) run, ByteOrder.BIG_ENDIAN);
        view.putInt(exchange.payload + Integer.BYTES, state, ByteOrder.BIG_ENDIAN);
        exchange.payload += EXTENT;
    }
}
