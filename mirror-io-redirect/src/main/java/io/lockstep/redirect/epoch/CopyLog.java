package io.lockstep.redirect.epoch;

import io.lockstep.redirect.regions.CopyState;

/** What this package needs of a {@link io.lockstep.redirect.regions.RegionLog}; its javadoc is the contract. */
interface CopyLog {
    CopyState state();

    long update(CopyState next);

    int regionBytes();

    int regions();

    long mark(long offset, long length);

    void clear(long offset, long length);

    int nextMarked(int region);

    boolean isDurable(long ticket);

    int doWork(long nowNs);

    long maxIdleNs();

    String problemText();

    void close();
}
