package io.lockstep.redirect.path.iscsi;

import io.lockstep.nativeio.IscsiSession;
import io.lockstep.nativeio.IscsiSession.Direction;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Turns requests into commands, one after the other where one is not enough.
 *
 * <p>Threading: the worker's thread. No allocation per request.
 */
final class Transfers {
    private static final int PARAMETERS = 32;
    private static final int ZEROES = 64 << 10;
    private static final int MAX_RETRIES = 100;
    private static final int EXTENT = 8;
    private static final int EXTENT_BLOCKS = EXTENT + 8;
    private static final int EXTENT_STATE = EXTENT + 12;
    private static final ByteOrder BIG = ByteOrder.BIG_ENDIAN;

    private final IscsiSession session;
    private final LogicalUnit unit;
    private final int blockSize;
    private final UnsafeBuffer cdbs;
    private final UnsafeBuffer parameters;
    private final UnsafeBuffer zeroes = new UnsafeBuffer(ByteBuffer.allocateDirect(ZEROES));
    private boolean canWriteSame = true;

    Transfers(IscsiSession session, LogicalUnit unit, int slots) {
        this.session = session;
        this.unit = unit;
        this.blockSize = unit.geometry().minBlock();
        this.cdbs = new UnsafeBuffer(ByteBuffer.allocateDirect(slots * IscsiSession.CDB_LENGTH));
        this.parameters = new UnsafeBuffer(ByteBuffer.allocateDirect(slots * PARAMETERS));
    }

    /** Sends the next command of a request; false if there is nothing to send: the request has ended with {@link IscsiOp#fault}. */
    boolean issue(IscsiOp op) {
        BlockRequest request = op.request();
        if (op.syncing) {
            return flush(op);
        }
        return switch (request.verb()) {
            case READ -> move(op, ScsiCommands.READ_16, Direction.READ);
            case WRITE -> move(op, ScsiCommands.WRITE_16, Direction.WRITE);
            case FLUSH -> flush(op);
            case DISCARD -> discard(op);
            case WRITE_ZEROES -> zero(op);
            case STATUS -> status(op);
        };
    }

    /**
     * A command has ended.
     *
     * @return true if the request goes on with {@link #issue}; false if it has ended with {@link IscsiOp#fault}
     */
    boolean advance(IscsiOp op, int status, int sense) {
        if (Sense.asksAgain(status, sense) && op.retries < MAX_RETRIES) {
            op.retries++;
            return true;
        }
        op.fault = Sense.fault(status, sense);
        BlockRequest request = op.request();
        if (op.fault == BlockFault.NONE) {
            return done(op, request);
        }
        boolean refused = op.fault == BlockFault.NOT_SUPPORTED;
        switch (request.verb()) {
            case WRITE_ZEROES -> {
                if (refused && canWriteSame && !op.syncing) {
                    canWriteSame = false;
                    return true; // by writing, or with the word that this would be slow
                }
            }
            case DISCARD -> op.fault = refused ? BlockFault.NONE : op.fault; // it is a hint
            case STATUS -> {
                if (refused) {
                    stored(op);
                }
            }
            default -> {}
        }
        return false;
    }

    private boolean done(IscsiOp op, BlockRequest request) {
        if (op.syncing) {
            return false;
        }
        switch (request.verb()) {
            case STATUS -> readStatus(op);
            case FLUSH -> {}
            default -> {
                op.next += op.step;
                if (op.left() > 0) {
                    return true;
                }
                if (request.fua() && !(unit.fua() && request.data() != null)) {
                    op.syncing = true;
                    return true;
                }
            }
        }
        return false;
    }

    private boolean move(IscsiOp op, int code, Direction direction) {
        int bytes = (int) Math.min(op.left(), (long) unit.maxBlocks() * blockSize);
        int flags = op.request().fua() && unit.fua() && direction == Direction.WRITE ? ScsiCommands.FLAG : 0;
        return send(op, code, flags, direction, op.address(), bytes, bytes);
    }

    private boolean flush(IscsiOp op) {
        ScsiCommands.blocks(cdbs, cdbAt(op), ScsiCommands.SYNCHRONIZE_CACHE_16, 0, 0, 0);
        return submit(op, Direction.NONE, 0, 0);
    }

    private boolean discard(IscsiOp op) {
        if (unit.maxUnmapBlocks() == 0) {
            op.fault = BlockFault.NONE;
            return false;
        }
        long blocks = Math.min(op.left() / blockSize, unit.maxUnmapBlocks());
        op.step = blocks * blockSize;
        int at = op.slot * PARAMETERS;
        int length = ScsiCommands.unmap(cdbs, cdbAt(op), parameters, at, op.next / blockSize, (int) blocks);
        return submit(op, Direction.WRITE, parameters.addressOffset() + at, length);
    }

    private boolean zero(IscsiOp op) {
        boolean unmaps =
                unit.sameUnmaps() && unit.unmappedIsZero() && !op.request().keepAllocated();
        if (op.request().fastOnly() && !(canWriteSame && unmaps)) {
            op.fault = BlockFault.NOT_SUPPORTED;
            return false;
        }
        if (!canWriteSame) {
            int bytes = (int) Math.min(op.left(), ZEROES);
            return send(op, ScsiCommands.WRITE_16, 0, Direction.WRITE, zeroes.addressOffset(), bytes, bytes);
        }
        long range = Math.min(op.left(), (long) unit.maxSameBlocks() * blockSize);
        int flags = unmaps ? ScsiCommands.FLAG : 0;
        return send(op, ScsiCommands.WRITE_SAME_16, flags, Direction.WRITE, zeroes.addressOffset(), blockSize, range);
    }

    private boolean status(IscsiOp op) {
        if (!unit.knowsExtents()) {
            stored(op);
            return false;
        }
        ScsiCommands.blocks(
                cdbs,
                cdbAt(op),
                ScsiCommands.SERVICE_ACTION_IN_16,
                ScsiCommands.GET_LBA_STATUS,
                op.next / blockSize,
                PARAMETERS);
        int at = op.slot * PARAMETERS;
        parameters.setMemory(at, PARAMETERS, (byte) 0);
        return submit(op, Direction.READ, parameters.addressOffset() + at, PARAMETERS);
    }

    private void stored(IscsiOp op) {
        op.fault = BlockFault.NONE;
        op.runLength = op.request().length();
        op.runIsHole = false;
    }

    private void readStatus(IscsiOp op) {
        stored(op);
        int at = op.slot * PARAMETERS;
        long first = parameters.getLong(at + EXTENT, BIG) * blockSize;
        long length = (parameters.getInt(at + EXTENT_BLOCKS, BIG) & 0xffff_ffffL) * blockSize;
        long end = first + length;
        if (first <= op.next && end > op.next) {
            op.runLength = Math.min(op.request().length(), end - op.next);
            op.runIsHole = (parameters.getByte(at + EXTENT_STATE) & 0xf) != 0 && unit.unmappedIsZero();
        }
    }

    private boolean send(IscsiOp op, int code, int flags, Direction direction, long address, int bytes, long covered) {
        op.step = covered;
        ScsiCommands.blocks(cdbs, cdbAt(op), code, flags, op.next / blockSize, (int) (covered / blockSize));
        return submit(op, direction, address, bytes);
    }

    private boolean submit(IscsiOp op, Direction direction, long address, int bytes) {
        long cdb = cdbs.addressOffset() + cdbAt(op);
        if (session.submit(op.slot, cdb, IscsiSession.CDB_LENGTH, direction, address, bytes)) {
            return true;
        }
        op.fault = BlockFault.IO;
        return false;
    }

    private static int cdbAt(IscsiOp op) {
        return op.slot * IscsiSession.CDB_LENGTH;
    }
}
