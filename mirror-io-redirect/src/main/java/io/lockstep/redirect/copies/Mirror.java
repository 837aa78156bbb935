package io.lockstep.redirect.copies;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.regions.CopyState;
import io.lockstep.redirect.regions.RegionLog;
import java.util.function.LongSupplier;

/** Which copies may be used for what, and what happens when one fails. The hub that requests, resync, cleaner and verify share. */
final class Mirror {
    final MirrorConfig config;
    final BufferPool buffers;
    final Leg[] legs;
    final Ranges ranges;
    final Cleaner cleaner;
    final Resync resync;
    final Verifier verifier;
    final Ops ops;
    long nowNs;

    private final MirrorListener listener;
    private final LongSupplier tokens;
    private MirrorPhase phase = MirrorPhase.STARTING;
    private String reason;
    private final long[] startTickets = new long[2];
    private long introducing;
    private long latchTicket;
    private long suspendedNs;
    private long stallCheckNs;
    private boolean stallCheckSet;

    Mirror(
            MirrorConfig config,
            Leg[] legs,
            BufferPool buffers,
            LongSupplier tokens,
            MirrorListener listener,
            int chunk) {
        this.config = config;
        this.legs = legs;
        this.buffers = buffers;
        this.tokens = tokens;
        this.listener = listener;
        RegionLog log = legs[0].log;
        this.ranges = new Ranges(config.maxWrites() + 2);
        this.cleaner = new Cleaner(this, log.regions());
        this.resync = new Resync(this, log, chunk);
        this.verifier = new Verifier(this, log.diskBytes(), chunk);
        this.ops = new Ops(this, config.maxWrites());
    }

    /** Tells the logs what the plan means. */
    void begin(StartPlan plan) {
        reason = plan.reason();
        if (plan.source() < 0) {
            if (plan.told()) {
                long known = legs[0].log.state().token() | legs[1].log.state().token();
                introducing = known == 0 ? tokens.getAsLong() : known;
                for (Leg leg : legs) {
                    startTickets[leg.index] = leg.log.update(leg.log.state().introduced(introducing));
                }
            }
            return;
        }
        Leg source = legs[plan.source()];
        Leg target = other(source);
        CopyState right = source.log.state();
        target.explain(plan.reason());
        if (plan.full()) {
            long base = tokens.getAsLong();
            CopyState old = target.log.state();
            startTickets[target.index] = target.log.update(new CopyState(base, 0, false, true, old.generation()));
            source.log.markAll();
            latchTicket = source.log.update(right.alone(tokens.getAsLong(), base));
        } else if (right.token() == target.log.state().token()) {
            latchTicket = source.log.update(right.alone(tokens.getAsLong(), right.token()));
        }
    }

    MirrorPhase phase() {
        return phase;
    }

    String reason() {
        return reason;
    }

    Leg other(Leg leg) {
        return legs[1 - leg.index];
    }

    int writableMask() {
        return (legs[0].status().takesWrites() ? 1 : 0) | (legs[1].status().takesWrites() ? 2 : 0);
    }

    int inSyncMask() {
        return (legs[0].isInSync() ? 1 : 0) | (legs[1].isInSync() ? 2 : 0);
    }

    boolean bothTakeWrites() {
        return writableMask() == 3 && phase.serves();
    }

    boolean isLatching() {
        return legs[0].status() == CopyStatus.LATCHING || legs[1].status() == CopyStatus.LATCHING;
    }

    /** The copy to read that was not tried yet, or null. */
    Leg readable(int tried) {
        Leg first = legs[config.preferred()];
        Leg second = other(first);
        if (!phase.serves()) {
            return null;
        }
        if (first.isInSync() && (tried & first.bit()) == 0) {
            return first;
        }
        return second.isInSync() && (tried & second.bit()) == 0 ? second : null;
    }

    /** A range is about to be written. */
    void touched(long from, long to) {
        if (to > from) {
            RegionLog log = legs[0].log;
            cleaner.touched(log.regionOf(from), log.regionOf(to - 1));
            verifier.touched(from, to);
        }
    }

    void clearRegion(int region) {
        for (Leg leg : legs) {
            long at = (long) region * leg.log.regionBytes();
            leg.log.clear(at, leg.log.regionBytes());
        }
    }

    /** A copy did not do what it was asked. */
    void failed(Leg leg, BlockFault how, String why) {
        if (leg.status() == CopyStatus.SYNCING && !resync.isClosing()) {
            leg.become(CopyStatus.STALE, why);
            resync.abort();
            settlePhase(why);
            leg.giveUp();
        } else if (leg.status() == CopyStatus.SYNCING
                || (leg.isInSync() && other(leg).isInSync())) {
            latch(leg, why);
        } else if (leg.isInSync() && how.isPathFault() && config.queueNs() > 0) {
            suspend(leg, why);
        }
    }

    /** One-way: before anything is acknowledged that this copy may lack, the other one's log says durably that it is stale. */
    private void latch(Leg leg, String why) {
        leg.become(CopyStatus.LATCHING, why);
        resync.abort();
        RegionLog survivor = other(leg).log;
        latchTicket = survivor.update(
                survivor.state().alone(tokens.getAsLong(), survivor.state().token()));
        leg.log.update(leg.log.state().leftBehind());
        verifier.stop("copy " + leg.name + " failed");
        settlePhase(why);
        leg.giveUp();
    }

    void readFailed(Leg leg, long offset, long length, BlockFault how) {
        boolean alone = !other(leg).isInSync();
        if (!leg.isInSync() || (!alone && !config.readErrorIsFinal())) {
            return;
        }
        if (!alone) {
            // What cannot be read there is written again by the resync.
            other(leg).log.mark(offset, length);
        }
        failed(leg, how, "a READ at " + offset + " failed: " + how);
    }

    private void suspend(Leg leg, String why) {
        Leg target = other(leg);
        if (target.status() == CopyStatus.SYNCING) {
            failed(target, BlockFault.IO, "the source failed");
        }
        resync.abort();
        settlePhase(why);
        if (phase.serves()) {
            suspendedNs = nowNs;
            become(MirrorPhase.SUSPENDED, "copy " + leg.name + ", the last one: " + why);
        }
    }

    private void become(MirrorPhase next, String why) {
        MirrorPhase before = phase;
        if (!next.mayFollow(before)) {
            throw new IllegalStateException(
                    "ILLEGAL TRANSITION of disk " + config.name() + ": " + before + " -> " + next + " (" + why + ")");
        }
        phase = next;
        reason = why;
        listener.onPhase(before, next, why);
    }

    private void settlePhase(String why) {
        MirrorPhase next = inSyncMask() == 3
                ? MirrorPhase.MIRRORED
                : writableMask() == 3 ? MirrorPhase.RESYNCING : MirrorPhase.DEGRADED;
        if (next != phase && (phase.serves() || phase == MirrorPhase.STARTING)) {
            become(next, why);
        }
    }

    void resyncing(Leg target, int regions) {
        target.become(CopyStatus.SYNCING, regions + " regions to copy");
        settlePhase("copy " + target.name + " is being brought up to date");
    }

    void resynced(Leg target) {
        target.become(CopyStatus.IN_SYNC, "brought up to date");
        settlePhase("both copies are equal");
    }

    /** A copy that had failed answers, and nothing of before is on its way any more. */
    void answers(Leg leg) {
        if (leg.isInSync() && (phase == MirrorPhase.SUSPENDED || phase == MirrorPhase.GONE)) {
            become(MirrorPhase.DEGRADED, "copy " + leg.name + " answers again");
            ops.resume();
        } else if (leg.status() == CopyStatus.STALE && phase == MirrorPhase.DEGRADED && resync.isIdle()) {
            resync.begin(other(leg), leg);
        }
    }

    int doWork(long now) {
        nowNs = now;
        int work = 0;
        for (Leg leg : legs) {
            work += leg.log.doWork(now);
        }
        work += watchStart();
        watchLogs();
        watchLatch();
        watchStalls();
        expire();
        ops.advance();
        return work + resync.doWork(now) + cleaner.doWork(now) + verifier.doWork(now);
    }

    /** New copies become equal in two steps, so that a crash between the logs' writes leaves no copy that seems to be alone. */
    private int watchStart() {
        if (phase != MirrorPhase.STARTING
                || !legs[0].log.isDurable(startTickets[0])
                || !legs[1].log.isDurable(startTickets[1])) {
            return 0;
        }
        if (introducing == 0) {
            settlePhase(reason);
            return 1;
        }
        for (Leg leg : legs) {
            startTickets[leg.index] = leg.log.update(leg.log.state().equalTo(introducing));
        }
        introducing = 0;
        return 1;
    }

    private void watchLogs() {
        for (Leg leg : legs) {
            boolean alone = leg.isInSync() && !other(leg).isInSync();
            if (leg.log.problem() != null && phase.serves() && !alone) {
                failed(leg, BlockFault.IO, leg.log.problemText());
            }
        }
    }

    private void watchLatch() {
        for (Leg leg : legs) {
            if (leg.status() == CopyStatus.LATCHING && other(leg).log.isDurable(latchTicket)) {
                leg.become(CopyStatus.STALE, leg.reason());
                ops.latched();
            }
        }
    }

    private void watchStalls() {
        if (config.stallNs() == 0 || (stallCheckSet && nowNs - stallCheckNs < config.stallNs() / 8)) {
            return;
        }
        stallCheckSet = true;
        stallCheckNs = nowNs;
        for (Leg leg : legs) {
            if (leg.status().takesWrites() && phase.serves() && leg.isSilentSince(nowNs - config.stallNs())) {
                String why = "no answer for " + config.stallNs() / 1_000_000 + " ms";
                if (leg.isInSync() && !other(leg).isInSync()) {
                    suspend(leg, why);
                } else {
                    failed(leg, BlockFault.IO, why);
                }
            }
        }
    }

    /** Requests that waited long enough for a copy fail. */
    private void expire() {
        if (phase != MirrorPhase.SUSPENDED || nowNs - suspendedNs < config.queueNs()) {
            return;
        }
        become(MirrorPhase.GONE, reason + "; gave up after " + config.queueNs() / 1_000_000 + " ms");
        for (Leg leg : legs) {
            leg.giveUp();
        }
        ops.failParked();
    }

    /** After the devices were closed: whatever did not come back by that is given up. */
    void end() {
        for (Leg leg : legs) {
            leg.giveUp();
        }
        ops.failAll();
    }

    void close() {
        if (phase != MirrorPhase.CLOSED) {
            become(MirrorPhase.CLOSED, "closed");
        }
    }
}
