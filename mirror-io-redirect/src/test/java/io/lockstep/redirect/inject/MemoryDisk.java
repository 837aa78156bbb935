package io.lockstep.redirect.inject;

import io.lockstep.redirect.block.BlockDevice;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BlockVerb;

/** A disk in memory that answers at once and counts its flushes. */
final class MemoryDisk implements BlockDevice {
    final byte[] bytes = new byte[64 << 10];
    int flushes;
    boolean closed;

    @Override
    public BlockGeometry geometry() {
        return new BlockGeometry(bytes.length, 512, 4096, 4096, false, false, false);
    }

    @Override
    public void submit(BlockRequest request) {
        if (request.verb() == BlockVerb.WRITE) {
            request.data().view().getBytes(request.dataOffset(), bytes, (int) request.offset(), (int) request.length());
        } else if (request.verb() == BlockVerb.READ) {
            request.data().view().putBytes(request.dataOffset(), bytes, (int) request.offset(), (int) request.length());
        } else if (request.verb() == BlockVerb.FLUSH) {
            flushes++;
        }
        request.complete(BlockFault.NONE);
    }

    @Override
    public int doWork(long nowNs) {
        return 0;
    }

    @Override
    public void close() {
        closed = true;
    }
}
