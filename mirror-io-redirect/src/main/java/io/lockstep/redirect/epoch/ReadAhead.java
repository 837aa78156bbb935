package io.lockstep.redirect.epoch;

import io.lockstep.redirect.block.BlockCompletion;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.block.IoBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * Blocks of the home for the checkpoint, fetched in windows of 64 KiB, and the next ones ahead while they are asked for in order. A block
 * that was changed below is forgotten, also if its window is on its way.
 */
final class ReadAhead {
    private static final int WINDOWS = 32;
    private static final int AHEAD = 8;
    private static final int BLOCKS = BufferPool.SMALL / Overlay.BLOCK;
    private static final int ALL = (1 << BLOCKS) - 1;
    private static final long NOTHING = -1;

    private final Home home;
    private final IoGate gate;
    private final long windowsOnDisk;
    private final long blocks;
    private final long[] window = new long[WINDOWS];
    private final int[] valid = new int[WINDOWS];
    private final boolean[] fetching = new boolean[WINDOWS];
    private final boolean[] away = new boolean[WINDOWS];
    private final IoBuffer[] buffers = new IoBuffer[WINDOWS];
    private final BlockRequest[] requests = new BlockRequest[WINDOWS];
    private final BlockCompletion onFetched = this::onFetched;
    private int victim;
    private long lastWindow = NOTHING;

    ReadAhead(Home home, long blocks, IoGate gate) {
        this.home = home;
        this.gate = gate;
        this.blocks = blocks;
        this.windowsOnDisk = (blocks + BLOCKS - 1) / BLOCKS;
        BufferPool pool = new BufferPool(WINDOWS, 1, 1);
        for (int i = 0; i < WINDOWS; i++) {
            window[i] = NOTHING;
            buffers[i] = pool.acquire(BufferPool.SMALL);
            requests[i] = new BlockRequest(i);
        }
    }

    /** Copies a block if it is there; otherwise sees to it that it soon is. */
    boolean read(long block, MutableDirectBuffer target, int offset) {
        long wanted = block / BLOCKS;
        int at = find(wanted);
        int bit = (int) (block % BLOCKS);
        boolean there = at >= 0 && !fetching[at] && (valid[at] & 1 << bit) != 0;
        if (there) {
            target.putBytes(offset, buffers[at].view(), bit * Overlay.BLOCK, Overlay.BLOCK);
        } else if (gate.isOpen() && (at < 0 || !fetching[at])) {
            fetch(at >= 0 ? at : nextVictim(), wanted);
        }
        if (gate.isOpen() && wanted == lastWindow + 1) {
            fetchAhead(wanted);
        }
        lastWindow = wanted;
        return there;
    }

    private void fetchAhead(long from) {
        long end = Math.min(windowsOnDisk, from + 1 + AHEAD);
        for (long next = from + 1; next < end; next++) {
            if (find(next) < 0) {
                fetch(nextVictim(), next);
            }
        }
    }

    /** The block is being changed, or was, below. */
    void forget(long block) {
        int at = find(block / BLOCKS);
        if (at >= 0) {
            valid[at] &= ~(1 << block % BLOCKS);
        }
    }

    /** Forgets {@code from..end-1}. */
    void forget(long from, long end) {
        for (int i = 0; i < WINDOWS; i++) {
            long first = window[i] * BLOCKS;
            if (window[i] != NOTHING && first < end && from < first + BLOCKS) {
                valid[i] = 0;
            }
        }
    }

    private int find(long wanted) {
        for (int i = 0; i < WINDOWS; i++) {
            if (window[i] == wanted) {
                return i;
            }
        }
        return -1;
    }

    private int nextVictim() {
        for (int i = 0; i < WINDOWS; i++) {
            victim = (victim + 1) % WINDOWS;
            if (!fetching[victim]) {
                return victim;
            }
        }
        return -1;
    }

    private void fetch(int at, long wanted) {
        if (at < 0) {
            return;
        }
        window[at] = wanted;
        valid[at] = ALL;
        fetching[at] = true;
        long first = wanted * BLOCKS;
        int length = (int) Math.min(BLOCKS, blocks - first) * Overlay.BLOCK;
        requests[at].read(first * Overlay.BLOCK, length, buffers[at], 0);
        away[at] = home.isLeft();
        requests[at].submitTo(home.forReads(), onFetched);
    }

    private void onFetched(BlockRequest request) {
        int at = (int) request.id();
        fetching[at] = false;
        if (request.fault() != BlockFault.NONE) {
            window[at] = NOTHING;
            if (gate.state().isOwned() && away[at]) {
                gate.awayFailed(request + " failed: " + request.fault());
            } else if (gate.state().isOwned()) {
                gate.failed("home: " + request + " failed: " + request.fault());
            }
        }
    }
}
