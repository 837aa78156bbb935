package io.lockstep.redirect.epoch;

import io.lockstep.redirect.regions.CopyState;
import java.util.BitSet;
import java.util.Random;

/** A region log in memory: what is asked for becomes durable in some later {@link #doWork}. */
final class TestLog implements CopyLog {
    static final int REGION_BLOCKS = 4;

    private final int regions;
    private final Random random;
    private final BitSet marked = new BitSet();
    private final BitSet durable = new BitSet();
    private CopyState state = CopyState.UNKNOWN;
    private CopyState durableState = CopyState.UNKNOWN;
    private long ticket = 1;
    private long durableTicket;
    boolean stuck;

    TestLog(int blocks, Random random) {
        this.regions = (blocks + REGION_BLOCKS - 1) / REGION_BLOCKS;
        this.random = random;
    }

    /** What is found after a power cut. */
    TestLog crash() {
        TestLog left = new TestLog(regions * REGION_BLOCKS, random);
        left.marked.or(durable);
        left.durable.or(durable);
        left.state = durableState;
        left.durableState = durableState;
        return left;
    }

    CopyState durableState() {
        return durableState;
    }

    BitSet marks() {
        return marked;
    }

    void forgetMarks() {
        marked.clear();
        durable.clear();
    }

    @Override
    public CopyState state() {
        return state;
    }

    @Override
    public long update(CopyState next) {
        state = next;
        return ++ticket;
    }

    @Override
    public int regionBytes() {
        return REGION_BLOCKS * Overlay.BLOCK;
    }

    @Override
    public int regions() {
        return regions;
    }

    @Override
    public long mark(long offset, long length) {
        int from = (int) (offset / regionBytes());
        int end = (int) ((offset + length - 1) / regionBytes()) + 1;
        marked.set(from, end);
        return durable.nextClearBit(from) >= end ? 0 : ++ticket;
    }

    @Override
    public void clear(long offset, long length) {
        marked.clear((int) (offset / regionBytes()));
    }

    @Override
    public int nextMarked(int region) {
        return marked.nextSetBit(region);
    }

    @Override
    public boolean isDurable(long of) {
        return of <= durableTicket;
    }

    @Override
    public int doWork(long nowNs) {
        if (stuck || durableTicket == ticket || random.nextInt(3) == 0) {
            return 0;
        }
        durable.clear();
        durable.or(marked);
        durableState = state;
        durableTicket = ticket;
        return 1;
    }

    @Override
    public long maxIdleNs() {
        return 0;
    }

    @Override
    public String problemText() {
        return "";
    }

    @Override
    public void close() {}
}
