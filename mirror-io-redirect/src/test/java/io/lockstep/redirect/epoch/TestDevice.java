package io.lockstep.redirect.epoch;

import io.lockstep.redirect.block.BlockDevice;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BlockVerb;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;

/**
 * A disk in memory that completes in any order, fails on demand, and at a crash loses any of what was not flushed. Blocks of 4 KiB.
 */
final class TestDevice implements BlockDevice {
    static final int BLOCK = 4096;

    private static final class Stored {
        private final long order;
        private final int block;
        private final byte[] content;

        Stored(long order, int block, byte[] content) {
            this.order = order;
            this.block = block;
            this.content = content;
        }
    }

    private static final class Pending {
        final BlockRequest request;
        final long after;

        Pending(BlockRequest request, long after) {
            this.request = request;
            this.after = after;
        }
    }

    final byte[][] now;
    private final byte[][] durable;
    private final Random random;
    private final List<Stored> unflushed = new ArrayList<>();
    private final List<Pending> pending = new ArrayList<>();
    private long order;
    /** Decides how a request ends; asked when it is completed. */
    Function<BlockRequest, BlockFault> fault = request -> BlockFault.NONE;

    boolean stalled;
    boolean lazy = true;
    boolean liesAboutFlush;
    int writes;
    int zeroes;
    int flushes;
    int blocksWritten;

    TestDevice(int blocks, Random random) {
        this(new byte[blocks][], random);
    }

    private TestDevice(byte[][] content, Random random) {
        this.durable = content;
        this.now = content.clone();
        this.random = random;
    }

    /** What is found after a power cut: everything flushed, and any part of the rest. */
    TestDevice crash() {
        byte[][] left = durable.clone();
        for (Stored stored : unflushed) {
            if (random.nextBoolean()) {
                left[stored.block] = stored.content;
            }
        }
        for (Pending p : pending) {
            BlockRequest request = p.request;
            if (request.verb().changesContent()) {
                for (int i = 0; i < request.length() / BLOCK; i++) {
                    if (random.nextBoolean()) {
                        left[(int) (request.offset() / BLOCK) + i] = contentOf(request, i);
                    }
                }
            }
        }
        return new TestDevice(left, random);
    }

    int pendingCount() {
        return pending.size();
    }

    byte[] block(int index) {
        return now[index] == null ? new byte[BLOCK] : now[index];
    }

    @Override
    public BlockGeometry geometry() {
        return new BlockGeometry((long) now.length * BLOCK, 512, 4096, 64 << 10, false, true, true);
    }

    @Override
    public void submit(BlockRequest request) {
        pending.add(new Pending(request, order));
    }

    @Override
    public int doWork(long nowNs) {
        if (stalled) {
            return 0;
        }
        int done = 0;
        for (int n = pending.size(); n > 0 && !pending.isEmpty(); n--) {
            if (!lazy || random.nextInt(3) > 0) {
                finish(pending.remove(lazy ? random.nextInt(pending.size()) : 0));
                done++;
            }
        }
        return done;
    }

    private void finish(Pending p) {
        BlockRequest request = p.request;
        BlockFault how = fault.apply(request);
        if (how != BlockFault.NONE) {
            request.complete(how);
            return;
        }
        switch (request.verb()) {
            case READ -> read(request);
            case FLUSH -> flush(p.after);
            case STATUS -> {
                request.completeStatus(request.length(), false, false);
                return;
            }
            default -> store(request);
        }
        request.complete(BlockFault.NONE);
    }

    private void flush(long upTo) {
        flushes++;
        if (!liesAboutFlush) {
            unflushed.removeIf(stored -> {
                if (stored.order <= upTo) {
                    durable[stored.block] = stored.content;
                }
                return stored.order <= upTo;
            });
        }
    }

    private void read(BlockRequest request) {
        for (int i = 0; i < request.length() / BLOCK; i++) {
            request.data()
                    .view()
                    .putBytes(request.dataOffset() + i * BLOCK, block((int) (request.offset() / BLOCK) + i));
        }
    }

    private void store(BlockRequest request) {
        if (request.verb() == BlockVerb.WRITE) {
            writes++;
        } else {
            zeroes++;
        }
        for (int i = 0; i < request.length() / BLOCK; i++) {
            int block = (int) (request.offset() / BLOCK) + i;
            now[block] = contentOf(request, i);
            blocksWritten++;
            unflushed.add(new Stored(++order, block, now[block]));
        }
        if (request.fua()) {
            flush(order);
            flushes--;
        }
    }

    private static byte[] contentOf(BlockRequest request, int index) {
        byte[] content = new byte[BLOCK];
        if (request.verb() == BlockVerb.WRITE) {
            request.data().view().getBytes(request.dataOffset() + index * BLOCK, content);
        }
        return content;
    }

    @Override
    public void close() {}
}
