package io.lockstep.redirect.path.file;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.IoBuffer;
import org.agrona.BufferUtil;

/** One request on its way to a worker and back. Whoever took it from a queue owns it. */
final class FileOp {
    private BlockRequest request;
    private IoBuffer buffer;
    private long address;
    /** How it ended. */
    BlockFault fault;
    /** STATUS: bytes of the run. */
    long runLength;
    /** STATUS: the run is not stored. */
    boolean runIsHole;
    /** Why nothing on this file can be trusted to become durable any more; null if it can. */
    String lost;

    /** Keeps the buffer until {@link #end}: a call that hangs may still use it. */
    void begin(BlockRequest what) {
        request = what;
        buffer = what.data();
        fault = BlockFault.IO;
        lost = null;
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

    IoBuffer buffer() {
        return buffer;
    }

    long address() {
        return address;
    }
}
