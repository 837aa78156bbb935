package io.lockstep.redirect.path.nbd;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BlockVerb;
import io.lockstep.redirect.nbd.NbdWire;

/**
 * Which commands make up a request: long ranges in parts, what the server cannot do by other means. A server without FUA gets a FLUSH after
 * the write, one without WRITE_ZEROES gets zeroes written; without FLUSH it promises nothing and is asked nothing, without TRIM a discard
 * is a hint that nobody takes.
 */
final class NbdPlan {
    /** Zeroes sent in one command to a server that has no command for them. */
    static final int ZEROES = 64 << 10;

    /** Lengths are 32 bits on the wire. */
    private static final int MAX_RANGE = 1 << 30;

    private NbdPlan() {}

    /** Why a request cannot be sent; NONE if it can. */
    static BlockFault refusal(NbdExport export, BlockRequest request) {
        if (request.verb() == BlockVerb.FLUSH) {
            return BlockFault.NONE;
        }
        BlockGeometry geometry = export.geometry();
        if (!geometry.contains(request.offset(), request.length())
                || !geometry.isAligned(request.offset(), request.length())) {
            return BlockFault.INVALID;
        }
        if (request.data() != null
                && (request.length() > geometry.maxTransfer()
                        || request.length() > request.data().capacity() - request.dataOffset())) {
            return BlockFault.INVALID;
        }
        if (geometry.readOnly() && request.verb().changesContent()) {
            return BlockFault.PERMISSION;
        }
        boolean tooSlow =
                request.fastOnly() && !export.has(NbdWire.TRANSMIT_SEND_WRITE_ZEROES | NbdWire.TRANSMIT_SEND_FAST_ZERO);
        return tooSlow ? BlockFault.NOT_SUPPORTED : BlockFault.NONE;
    }

    /** Begins a request. */
    static void begin(NbdExport export, NbdOp op, BlockRequest request) {
        op.request = request;
        op.done = 0;
        op.begun = false;
        op.error = 0;
        op.runLength = 0;
        boolean flushes = export.has(NbdWire.TRANSMIT_SEND_FLUSH);
        op.flushLeft = flushes
                && (request.verb() == BlockVerb.FLUSH || (request.fua() && !export.has(NbdWire.TRANSMIT_SEND_FUA)));
        boolean nothingToAsk = (request.verb() == BlockVerb.DISCARD && !export.has(NbdWire.TRANSMIT_SEND_TRIM))
                || (request.verb() == BlockVerb.STATUS && export.context() == -1);
        if (nothingToAsk) {
            op.done = request.length();
        }
    }

    /** Prepares the next command; false if there is none left. */
    static boolean next(NbdExport export, NbdOp op) {
        BlockRequest request = op.request;
        long left = request.verb() == BlockVerb.FLUSH ? 0 : request.length() - op.done;
        if (left == 0 && !op.flushLeft) {
            return false;
        }
        op.endAt = NbdOp.NOT_ENCODED;
        op.payload = 0;
        op.flags = 0;
        if (left == 0) {
            op.flushLeft = false;
            op.command = NbdWire.CMD_FLUSH;
            op.offset = 0;
            op.length = 0;
            return true;
        }
        op.offset = request.offset() + op.done;
        op.length = (int) Math.min(left, MAX_RANGE);
        if (request.fua() && export.has(NbdWire.TRANSMIT_SEND_FUA)) {
            op.flags = NbdWire.CMD_FLAG_FUA;
        }
        command(export, op, request);
        return true;
    }

    private static void command(NbdExport export, NbdOp op, BlockRequest request) {
        switch (request.verb()) {
            case READ -> {
                op.command = NbdWire.CMD_READ;
                op.coverage.clear();
            }
            case WRITE -> {
                op.command = NbdWire.CMD_WRITE;
                op.payload = op.length;
            }
            case DISCARD -> op.command = NbdWire.CMD_TRIM;
            case STATUS -> {
                op.command = NbdWire.CMD_BLOCK_STATUS;
                op.flags = NbdWire.CMD_FLAG_REQ_ONE;
            }
            case WRITE_ZEROES -> zeroes(export, op, request);
            case FLUSH -> throw new IllegalStateException("a flush has no range");
        }
    }

    private static void zeroes(NbdExport export, NbdOp op, BlockRequest request) {
        if (export.has(NbdWire.TRANSMIT_SEND_WRITE_ZEROES)) {
            op.command = NbdWire.CMD_WRITE_ZEROES;
            op.flags |= (request.keepAllocated() ? NbdWire.CMD_FLAG_NO_HOLE : 0)
                    | (request.fastOnly() ? NbdWire.CMD_FLAG_FAST_ZERO : 0);
        } else {
            op.command = NbdWire.CMD_WRITE;
            op.length = Math.min(op.length, Math.min(ZEROES, export.geometry().maxTransfer()));
            op.payload = op.length;
        }
    }

    /** The command that was under way went well. */
    static void answered(NbdOp op) {
        op.begun = true;
        if (op.command == NbdWire.CMD_BLOCK_STATUS) {
            op.done = op.request.length(); // the first run is all that was asked for
        } else if (op.command != NbdWire.CMD_FLUSH) {
            op.done += op.length;
        }
    }

    /** What an error of the server means here. */
    static BlockFault fault(int error) {
        return switch (error) {
            case NbdWire.EPERM -> BlockFault.PERMISSION;
            case NbdWire.EINVAL, NbdWire.EOVERFLOW -> BlockFault.INVALID;
            case NbdWire.ENOSPC -> BlockFault.NO_SPACE;
            case NbdWire.ENOTSUP -> BlockFault.NOT_SUPPORTED;
            default -> BlockFault.IO;
        };
    }
}
