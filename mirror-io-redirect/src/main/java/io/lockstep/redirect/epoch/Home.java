package io.lockstep.redirect.epoch;

import io.lockstep.redirect.block.BlockDevice;

/** Where the disk's content is read from: this host's copy, or the partner's when this one was left behind. */
final class Home {
    private final BlockDevice local;
    private final BlockDevice away;
    private final int mostBlocks;
    private boolean left;

    /** {@code away} may be null. */
    Home(BlockDevice local, BlockDevice away) {
        this.local = local;
        this.away = away;
        int most = local.geometry().maxTransfer();
        this.mostBlocks = (away == null ? most : Math.min(most, away.geometry().maxTransfer())) / Overlay.BLOCK;
    }

    BlockDevice local() {
        return local;
    }

    BlockDevice forReads() {
        return left ? away : local;
    }

    boolean hasAway() {
        return away != null;
    }

    boolean isLeft() {
        return left;
    }

    /** One way. */
    void leave() {
        left = true;
    }

    /** Most blocks in one request. */
    int mostBlocks() {
        return mostBlocks;
    }
}
