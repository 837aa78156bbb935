package io.lockstep.redirect.epoch;

import io.lockstep.mirror.memory.PageSet;
import org.agrona.MutableDirectBuffer;

/** What the partner must be sent, and the content of it. */
final class Checkpoint {
    private final Overlay overlay;
    private final CopyMarks marks;
    private final Synchronisation sync;
    private final ReadAhead readAhead;
    private final DirtyBlocks dirty;
    /** SHARED: blocks that the partner was sent since the last {@link #owe}, and so may write in its turn; null for COPIES. */
    private final DirtyBlocks sent;

    private final long blocks;

    Checkpoint(
            Overlay overlay, CopyMarks marks, Synchronisation sync, ReadAhead readAhead, long blocks, boolean shared) {
        this.overlay = overlay;
        this.marks = marks;
        this.sync = sync;
        this.readAhead = readAhead;
        this.blocks = blocks;
        this.dirty = new DirtyBlocks(blocks);
        this.sent = shared ? new DirtyBlocks(blocks) : null;
    }

    /** The guest changed blocks: they are on hold. */
    void held(long from, long end) {
        dirty.addRange(from, end);
    }

    /**
     * The guest changed blocks past the overlay. A partner that reaches the same disk has them by that, unless it was sent an older
     * version that it would write at a takeover.
     */
    void wentThrough(long from, long end) {
        readAhead.forget(from, end);
        if (sent == null) {
            dirty.addRange(from, end);
            return;
        }
        for (long block = from; block < end; block++) {
            if (sent.contains(block)) {
                dirty.add(block);
            }
        }
    }

    /** A block changed below. */
    void forget(long block) {
        readAhead.forget(block);
    }

    /** SHARED: the owner has these sets on the disk that both reach. */
    void forgetRetained(long upToSet) {
        while (overlay.hasReady() && overlay.setOf(overlay.firstReady()) <= upToSet) {
            int version = overlay.takeReady();
            forget(overlay.blockOf(version));
            overlay.release(version);
        }
    }

    void harvest(PageSet into, long firstPage) {
        dirty.collect(into, firstPage, true);
    }

    void owe(PageSet into, long firstPage, long partnerToken) {
        overlay.forEachBlock(block -> into.add(firstPage + block));
        dirty.collect(into, firstPage, false);
        if (sent != null) {
            sent.clear();
        } else if (marks.covers(partnerToken) || sync.isPending(partnerToken)) {
            marks.addTo(into, firstPage);
        } else {
            into.addRange(firstPage, firstPage + blocks);
        }
    }

    boolean read(long block, MutableDirectBuffer target, int offset) {
        int version = overlay.newest(block);
        boolean there = true;
        if (version == Overlay.NONE) {
            there = readAhead.read(block, target, offset);
        } else if (overlay.isZero(version)) {
            target.setMemory(offset, Overlay.BLOCK, (byte) 0);
        } else {
            target.putBytes(offset, overlay.slab(), overlay.position(version), Overlay.BLOCK);
        }
        if (there && sent != null) {
            sent.add(block);
        }
        return there;
    }

    /** Another guest's life begins. */
    void clear() {
        dirty.clear();
    }
}
