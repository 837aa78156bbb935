package io.lockstep.redirect.epoch;

import io.lockstep.redirect.regions.CopyState;
import io.lockstep.redirect.regions.RegionLog;

/** The real one. */
final class RegionCopyLog implements CopyLog {
    private final RegionLog log;

    RegionCopyLog(RegionLog log) {
        this.log = log;
    }

    @Override
    public CopyState state() {
        return log.state();
    }

    @Override
    public long update(CopyState next) {
        return log.update(next);
    }

    @Override
    public int regionBytes() {
        return log.regionBytes();
    }

    @Override
    public int regions() {
        return log.regions();
    }

    @Override
    public long mark(long offset, long length) {
        return log.mark(offset, length);
    }

    @Override
    public void clear(long offset, long length) {
        log.clear(offset, length);
    }

    @Override
    public int nextMarked(int region) {
        return log.nextMarked(region);
    }

    @Override
    public boolean isDurable(long ticket) {
        return log.isDurable(ticket);
    }

    @Override
    public int doWork(long nowNs) {
        return log.doWork(nowNs);
    }

    @Override
    public long maxIdleNs() {
        return log.maxIdleNs();
    }

    @Override
    public String problemText() {
        return log.problemText();
    }

    @Override
    public void close() {
        log.close();
    }
}
