package io.lockstep.redirect.epoch;

import io.lockstep.redirect.regions.CopyState;

/** For a disk that both hosts reach: what one has written the other one has. */
final class SharedCopyLog implements CopyLog {
    private static final CopyState STATE = new CopyState(1, 0, true, false, 0);

    @Override
    public CopyState state() {
        return STATE;
    }

    @Override
    public long update(CopyState next) {
        return 0;
    }

    @Override
    public int regionBytes() {
        return Overlay.BLOCK;
    }

    @Override
    public int regions() {
        return 1;
    }

    @Override
    public long mark(long offset, long length) {
        return 0;
    }

    @Override
    public void clear(long offset, long length) {}

    @Override
    public int nextMarked(int region) {
        return -1;
    }

    @Override
    public boolean isDurable(long ticket) {
        return true;
    }

    @Override
    public int doWork(long nowNs) {
        return 0;
    }

    @Override
    public long maxIdleNs() {
        return Long.MAX_VALUE;
    }

    @Override
    public String problemText() {
        return "";
    }

    @Override
    public void close() {}
}
