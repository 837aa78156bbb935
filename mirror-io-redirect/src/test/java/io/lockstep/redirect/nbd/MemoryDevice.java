package io.lockstep.redirect.nbd;

import io.lockstep.redirect.block.BlockDevice;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BlockVerb;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.agrona.concurrent.UnsafeBuffer;

/** A disk in memory that refuses what its geometry forbids, and that can be told to hold requests or to fail. */
final class MemoryDevice implements BlockDevice {
    final UnsafeBuffer bytes;
    final List<BlockVerb> seen = new ArrayList<>();
    /** Requests stay here while {@link #hold} is set. */
    final ArrayDeque<BlockRequest> held = new ArrayDeque<>();

    volatile boolean hold;
    volatile boolean inTurns;
    volatile boolean remember;
    volatile BlockFault fault = BlockFault.NONE;
    final AtomicInteger writes = new AtomicInteger();
    final AtomicInteger outstanding = new AtomicInteger();
    private final BlockGeometry geometry;

    MemoryDevice(int size, int minBlock, int maxTransfer) {
        this(new BlockGeometry(size, minBlock, Math.min(4096, maxTransfer), maxTransfer, false, true, true));
    }

    MemoryDevice(BlockGeometry geometry) {
        this.geometry = geometry;
        bytes = new UnsafeBuffer(ByteBuffer.allocateDirect((int) geometry.sizeBytes()));
    }

    @Override
    public BlockGeometry geometry() {
        return geometry;
    }

    @Override
    public void submit(BlockRequest request) {
        outstanding.incrementAndGet();
        if (remember) {
            seen.add(request.verb());
        }
        if (hold || inTurns) {
            held.addLast(request);
        } else {
            run(request);
        }
    }

    @Override
    public int doWork(long nowNs) {
        int work = hold ? 0 : held.size();
        for (int i = 0; i < work; i++) {
            run(held.pollFirst());
        }
        return work;
    }

    private void run(BlockRequest request) {
        outstanding.decrementAndGet();
        boolean legal = geometry.contains(request.offset(), request.length())
                && geometry.isAligned(request.offset(), request.length());
        boolean transfer = request.verb() == BlockVerb.READ || request.verb() == BlockVerb.WRITE;
        if (transfer && (request.length() > geometry.maxTransfer() || request.length() == 0)) {
            legal = false;
        }
        if (transfer && request.dataOffset() % geometry.minBlock() != 0) {
            legal = false;
        }
        if (!legal) {
            throw new AssertionError("a request the device cannot take: " + request);
        }
        if (fault != BlockFault.NONE) {
            request.complete(fault);
            return;
        }
        int at = (int) request.offset();
        int length = (int) request.length();
        switch (request.verb()) {
            case READ -> request.data().view().putBytes(request.dataOffset(), bytes, at, length);
            case WRITE -> {
                bytes.putBytes(at, request.data().view(), request.dataOffset(), length);
                writes.incrementAndGet();
            }
            case WRITE_ZEROES -> {
                bytes.setMemory(at, length, (byte) 0);
                writes.incrementAndGet();
            }
            case DISCARD, FLUSH -> {}
            case STATUS -> {
                status(request, at, length);
                return;
            }
        }
        request.complete(BlockFault.NONE);
    }

    private void status(BlockRequest request, int at, int length) {
        int unit = Math.max(512, geometry.minBlock());
        boolean zero = isZero(at, Math.min(unit, length));
        int run = Math.min(unit, length);
        while (run < length && isZero(at + run, Math.min(unit, length - run)) == zero) {
            run += Math.min(unit, length - run);
        }
        request.completeStatus(run, zero, zero);
    }

    private boolean isZero(int at, int length) {
        for (int i = 0; i < length; i++) {
            if (bytes.getByte(at + i) != 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() {}
}
