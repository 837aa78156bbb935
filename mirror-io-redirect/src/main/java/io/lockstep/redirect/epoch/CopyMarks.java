package io.lockstep.redirect.epoch;

import io.lockstep.mirror.memory.PageSet;
import io.lockstep.redirect.regions.CopyState;
import java.util.function.LongSupplier;

/**
 * What the partner's copy may miss of this one: the regions written here whose epoch is not durable there, and the tokens that say to
 * whom this applies.
 */
final class CopyMarks {
    private final CopyLog log;
    private final LongSupplier random;
    private final long blocks;
    private final int blocksPerRegion;
    private final long[] lastSet;
    private long stateTicket;
    /** The token of the copies that miss at most what is marked. In the log only while that would be true after a crash. */
    private long base;

    private boolean baseDue;
    private boolean partnerMayCarryToken;
    /** True if this process knows all that a partner can have got under the token. */
    private boolean warm;

    CopyMarks(CopyLog log, long blocks, LongSupplier random) {
        this.log = log;
        this.random = random;
        this.blocks = blocks;
        this.blocksPerRegion = log.regionBytes() / Overlay.BLOCK;
        this.lastSet = new long[log.regions()];
        this.base = log.state().baseToken();
        this.partnerMayCarryToken = base == 0;
    }

    CopyState state() {
        return log.state();
    }

    /** Marks blocks that are about to be written by {@code set}. The write waits until {@link #isDurable} says so of the ticket. */
    long mark(long from, long end, long set) {
        if (lastSet.length > 1 || blocksPerRegion >= blocks) {
            for (long region = from / blocksPerRegion; region <= (end - 1) / blocksPerRegion; region++) {
                lastSet[(int) region] = set;
            }
        }
        return log.mark(from * Overlay.BLOCK, (end - from) * Overlay.BLOCK);
    }

    /** True if the ticket's marks and every change of the copy's state so far would survive a power cut. */
    boolean isDurable(long ticket) {
        return log.isDurable(ticket) && log.isDurable(stateTicket);
    }

    boolean isStateDurable() {
        return log.isDurable(stateTicket);
    }

    /** The partner's copy has everything of the sets up to this one. */
    void partnerHas(long set) {
        for (int region = log.nextMarked(0); region >= 0; region = log.nextMarked(region + 1)) {
            if (lastSet[region] <= set) {
                log.clear((long) region * log.regionBytes(), log.regionBytes());
            }
        }
    }

    /** Adds every block that is marked. */
    void addTo(PageSet into, long firstPage) {
        for (int region = log.nextMarked(0); region >= 0; region = log.nextMarked(region + 1)) {
            long from = (long) region * blocksPerRegion;
            into.addRange(firstPage + from, firstPage + Math.min(blocks, from + blocksPerRegion));
        }
    }

    /** True if a copy with this token misses at most what is marked. */
    boolean covers(long partnerToken) {
        return partnerToken != 0 && (partnerToken == log.state().token() || partnerToken == base);
    }

    /** Epochs of this host are handed out from now on: a partner may come to carry the token. */
    void holding() {
        CopyState state = log.state();
        baseDue = false;
        if (state.baseToken() != 0) {
            stateTicket = log.update(withBase(state, 0));
        }
    }

    /** A set was closed that a partner may take: if it does, it carries this token from then on. */
    void handedOut() {
        partnerMayCarryToken = true;
        warm = true;
    }

    /**
     * This host writes alone from now on. The same token goes on if nobody else can have it. After a start from what was left on the
     * medium the partner's copy may hold epochs that this one has lost, so no other copy is covered by the marks.
     */
    void writeAlone() {
        CopyState state = log.state();
        if (partnerMayCarryToken || state.token() == 0) {
            base = warm ? state.token() : 0;
            stateTicket = log.update(state.alone(freshToken(), 0));
            partnerMayCarryToken = false;
            warm = true;
        }
        baseDue = base != 0 && log.state().baseToken() == 0;
    }

    /** All that a partner can have is durable here: from now on the marks mean something after a power cut of this host, too. */
    void drained() {
        if (baseDue) {
            baseDue = false;
            stateTicket = log.update(withBase(log.state(), base));
        }
    }

    boolean isBaseDue() {
        return baseDue;
    }

    private static CopyState withBase(CopyState state, long base) {
        return new CopyState(state.token(), base, state.consistent(), state.stale(), state.generation());
    }

    /** A copy that was never used is the disk as it is. */
    void nameIfNew() {
        CopyState state = log.state();
        if (state.token() == 0) {
            stateTicket = log.update(new CopyState(freshToken(), 0, true, false, state.generation()));
            partnerMayCarryToken = false;
        }
    }

    private long freshToken() {
        long token = random.getAsLong();
        return token == 0 ? 1 : token;
    }

    /** True if a guest may run on the copy: it is whole, or new. */
    boolean isRunnable() {
        CopyState copy = log.state();
        return !copy.stale() && (copy.consistent() || copy.token() == 0);
    }

    /** The copy is of no use until {@link #equalTo}. */
    void filling() {
        CopyState state = log.state();
        stateTicket = log.update(new CopyState(state.token(), state.baseToken(), false, true, state.generation()));
    }

    /** The copy holds what the primary's does. */
    void equalTo(long token) {
        partnerMayCarryToken = true;
        warm = true;
        base = 0;
        baseDue = false;
        stateTicket = log.update(log.state().equalTo(token));
    }

    /** The copy is left behind: it must not be read before it was brought up to date. */
    void stale() {
        CopyState state = log.state();
        stateTicket = log.update(
                new CopyState(state.token(), state.baseToken(), state.consistent(), true, state.generation()));
    }

    String problemText() {
        return log.problemText();
    }

    int doWork(long nowNs) {
        return log.doWork(nowNs);
    }

    void close() {
        log.close();
    }

    long maxIdleNs() {
        return log.maxIdleNs();
    }
}
