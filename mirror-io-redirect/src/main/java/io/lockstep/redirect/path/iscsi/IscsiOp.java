package io.lockstep.redirect.path.iscsi;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.IoBuffer;
import org.agrona.BufferUtil;

/** One request on its way to the worker and back. Whoever took it from a queue owns it. Its slot is its number for good. */
final class IscsiOp {
    /** The number of its commands. */
    final int slot;

    private BlockRequest request;
    private IoBuffer buffer;
    private long address;
    /** How it ended. */
    BlockFault fault;
    /** What is left to do of a request that takes several commands: the offset of the next one. */
    long next;
    /** The bytes of the command that is on its way. */
    long step;
    /** The command on its way is the flush after a write that must be durable. */
    boolean syncing;
    /** How often the target asked to try again. */
    int retries;
    /** STATUS: bytes of the run. */
    long runLength;
    /** STATUS: the run is not stored. */
    boolean runIsHole;

    IscsiOp(int slot) {
        this.slot = slot;
    }

    /** Keeps the buffer until {@link #end}. */
    void begin(BlockRequest what) {
        request = what;
        buffer = what.data();
        fault = BlockFault.IO;
        next = what.offset();
        step = 0;
        syncing = false;
        retries = 0;
        if (buffer != null) {
            buffer.retain();
            address = BufferUtil.address(buffer.bytes()) + what.dataOffset();
        }
    }

    /** Gives the buffer back and forgets the request, which is returned. */
    BlockRequest end() {
        BlockRequest ended = request;
        if (buffer != null) {
            buffer.release();
        }
        request = null;
        buffer = null;
        return ended;
    }

    BlockRequest request() {
        return request;
    }

    /** Address of the byte that belongs to {@link #next}. */
    long address() {
        return address + (next - request.offset());
    }

    /** Bytes that are not done yet. */
    long left() {
        return request.offset() + request.length() - next;
    }
}
