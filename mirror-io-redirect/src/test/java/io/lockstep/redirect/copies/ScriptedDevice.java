package io.lockstep.redirect.copies;

import io.lockstep.redirect.block.BlockDevice;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BlockVerb;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A copy in memory, with a volatile cache, that does what a test says: answers in any order, fails, hangs, lies. */
final class ScriptedDevice implements BlockDevice {
    private static final int SECTOR = 512;

    final byte[] content;
    final byte[] flushed;
    final List<BlockRequest> waiting = new ArrayList<>();
    final List<BlockVerb> log = new ArrayList<>();
    BlockGeometry geometry;
    /** Requests end within submit. */
    boolean immediate = true;
    /** Every request fails. */
    boolean dead;
    /** No request ends. */
    boolean stuck;
    /** Says it flushed, but did not. */
    boolean liesAboutFlush;
    /** Tells that a write failed, and lets it land later: breaks the contract of a device. */
    boolean lateWrites;
    /** Fault of the next request of a verb. */
    BlockFault nextFault = BlockFault.NONE;

    BlockVerb nextFaultVerb;

    private final List<Runnable> late = new ArrayList<>();
    private boolean closed;

    ScriptedDevice(int bytes) {
        this(new byte[bytes], new byte[bytes]);
    }

    ScriptedDevice(byte[] content, byte[] flushed) {
        this.content = content;
        this.flushed = flushed;
        this.geometry = new BlockGeometry(content.length, SECTOR, 4096, 1 << 20, false, true, true);
    }

    void failNext(BlockVerb verb, BlockFault fault) {
        nextFaultVerb = verb;
        nextFault = fault;
    }

    /** The host of this copy loses power: of what was not flushed any block may be lost. */
    void losePower(Random random) {
        for (int at = 0; at < content.length; at += 4096) {
            if (random.nextBoolean()) {
                System.arraycopy(flushed, at, content, at, 4096);
            }
        }
        System.arraycopy(content, 0, flushed, 0, content.length);
    }

    void landLateWrites() {
        late.forEach(Runnable::run);
        late.clear();
    }

    void finishOne(Random random) {
        if (!stuck && !waiting.isEmpty()) {
            finish(waiting.remove(random.nextInt(waiting.size())), random.nextBoolean());
        }
    }

    void finishAll() {
        while (!stuck && !waiting.isEmpty()) {
            finish(waiting.remove(0), false);
        }
    }

    /** The process is gone: what was under way may have been done. */
    void forget(Random random) {
        for (BlockRequest request : waiting) {
            if (random.nextBoolean()) {
                apply(request);
            }
        }
        waiting.clear();
    }

    private void finish(BlockRequest request, boolean inPart) {
        if (nextFault != BlockFault.NONE && request.verb() == nextFaultVerb) {
            BlockFault fault = nextFault;
            nextFault = BlockFault.NONE;
            request.complete(fault);
        } else if (dead) {
            if (inPart) {
                apply(request);
            } else if (lateWrites && request.verb() == BlockVerb.WRITE) {
                byte[] bytes = new byte[(int) request.length()];
                request.data().view().getBytes(request.dataOffset(), bytes);
                int at = (int) request.offset();
                late.add(() -> System.arraycopy(bytes, 0, content, at, bytes.length));
            }
            request.complete(BlockFault.IO);
        } else if (request.verb() == BlockVerb.STATUS) {
            request.completeStatus(request.length(), false, false);
        } else {
            apply(request);
            request.complete(BlockFault.NONE);
        }
    }

    private void apply(BlockRequest request) {
        int at = (int) request.offset();
        int length = (int) request.length();
        switch (request.verb()) {
            case READ -> request.data().view().putBytes(request.dataOffset(), content, at, length);
            case WRITE -> request.data().view().getBytes(request.dataOffset(), content, at, length);
            case WRITE_ZEROES -> java.util.Arrays.fill(content, at, at + length, (byte) 0);
            case FLUSH -> {
                if (!liesAboutFlush) {
                    System.arraycopy(content, 0, flushed, 0, content.length);
                }
            }
            default -> throw new AssertionError("a copy was asked for " + request);
        }
        if (request.fua()) {
            System.arraycopy(content, at, flushed, at, length);
        }
    }

    @Override
    public BlockGeometry geometry() {
        return geometry;
    }

    @Override
    public void submit(BlockRequest request) {
        log.add(request.verb());
        if (immediate && !stuck) {
            finish(request, false);
        } else {
            waiting.add(request);
        }
    }

    @Override
    public int doWork(long nowNs) {
        return 0;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            stuck = false;
            dead = true;
            finishAll();
        }
    }
}
