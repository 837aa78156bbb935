package io.lockstep.redirect.copies;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.IoBuffer;
import io.lockstep.redirect.regions.CopyState;
import io.lockstep.redirect.regions.RegionLog;

/**
 * Brings a copy up to date: copies what is marked from the copy in sync, while writes go on to both. A piece being copied holds its range,
 * so no write comes between its read and its write. Restartable: a mark is taken back only after a flush of both copies.
 *
 * <pre>
 *   IDLE -> OPENING (target says durably that it is incomplete) -> COPYING -> FLUSHING -> CLOSING (target says durably that it is equal) -> IDLE
 * </pre>
 */
final class Resync extends RangeHolder implements LegRequest.Owner {
    /** Where it is. */
    enum Step {
        IDLE,
        OPENING,
        COPYING,
        FLUSHING,
        CLOSING;

        boolean mayFollow(Step before) {
            return this == IDLE ? before != IDLE : ordinal() == before.ordinal() + 1;
        }
    }

    private final Mirror mirror;
    private final RegionSet pending;
    private final int regionBytes;
    private final long diskBytes;
    private final int chunk;
    private final Budget budget;
    private Step step = Step.IDLE;
    private Leg source;
    private Leg target;
    private long ticket;
    private long next;
    private long done;
    private IoBuffer buffer;
    private boolean holding;
    private boolean aborted;

    Resync(Mirror mirror, RegionLog log, int chunk) {
        this.mirror = mirror;
        this.pending = new RegionSet(log.regions());
        this.regionBytes = log.regionBytes();
        this.diskBytes = log.diskBytes();
        this.chunk = chunk;
        this.budget = new Budget(mirror.config.resyncBytesPerSecond(), chunk);
    }

    boolean isIdle() {
        return step == Step.IDLE && !holding;
    }

    /** True if the target's log may already say that it is equal. */
    boolean isClosing() {
        return step == Step.CLOSING;
    }

    boolean isPending(int region) {
        return step != Step.IDLE && pending.contains(region);
    }

    long doneBytes() {
        return done;
    }

    long leftBytes() {
        return step == Step.COPYING ? (long) pending.count() * regionBytes : 0;
    }

    private void become(Step following) {
        if (!following.mayFollow(step)) {
            throw new IllegalStateException("ILLEGAL TRANSITION of a resync: " + step + " -> " + following);
        }
        step = following;
    }

    /** The source's log says already, durably, that the target misses what is marked. */
    void begin(Leg from, Leg to) {
        source = from;
        target = to;
        aborted = false;
        done = 0;
        become(Step.OPENING);
        // Incomplete, but with the source's token already: if the target fails in the last step, whichever of its two
        // states is in the
        // file then, one new token of the source leaves it behind.
        ticket = target.log.update(target.log.state().filling(source.log.state().token()));
    }

    int doWork(long nowNs) {
        if (step == Step.OPENING && target.log.isDurable(ticket)) {
            open();
            return 1;
        }
        if (step == Step.COPYING && !holding) {
            if (pending.count() == 0) {
                become(Step.FLUSHING);
                flush(nowNs);
                return 1;
            }
            return copyNext(nowNs);
        }
        if (step == Step.CLOSING && target.log.isDurable(ticket)) {
            become(Step.IDLE);
            CopyState state = source.log.state();
            source.log.update(state.equalTo(state.token()));
            mirror.resynced(target);
            return 1;
        }
        return 0;
    }

    private void open() {
        become(Step.COPYING);
        pending.clear();
        for (Leg leg : mirror.legs) {
            for (int region = leg.log.nextMarked(0); region >= 0; region = leg.log.nextMarked(region + 1)) {
                pending.add(region);
            }
        }
        next = 0;
        mirror.resyncing(target, pending.count());
    }

    private int copyNext(long nowNs) {
        if (next % regionBytes == 0) {
            int region = pending.next((int) (next / regionBytes));
            next = (long) (region < 0 ? pending.next(0) : region) * regionBytes;
        }
        long end = Math.min(next + chunk, endOfRun(next));
        if (!mirror.phase().serves() || !budget.has(end - next, nowNs)) {
            return 0;
        }
        buffer = mirror.buffers.acquire((int) (end - next));
        if (buffer == null) {
            return 0;
        }
        budget.spend(end - next);
        from = next;
        to = end;
        holding = true;
        mirror.ranges.add(this);
        return 1;
    }

    private long endOfRun(long at) {
        int region = (int) (at / regionBytes);
        long most = at + chunk;
        while ((long) region * regionBytes < most
                && region < (int) ((diskBytes - 1) / regionBytes) + 1
                && pending.contains(region)) {
            region++;
        }
        return Math.min((long) region * regionBytes, diskBytes);
    }

    @Override
    void start() {
        if (aborted) {
            letGo();
            return;
        }
        LegRequest read = source.take(this, mirror.nowNs);
        read.request.read(from, (int) (to - from), buffer, 0);
        buffer.retain();
        read.hold(buffer);
        read.issue();
    }

    @Override
    public void onEnd(LegRequest request, BlockFault fault) {
        if (aborted) {
            letGo();
        } else if (request.leg == source) {
            onRead(fault);
        } else if (fault != BlockFault.NONE) {
            aborted = true;
            letGo();
            mirror.failed(target, fault, "resync at " + from + " failed: " + fault);
        } else if (step == Step.FLUSHING) {
            become(Step.CLOSING);
            ticket = target.log.update(
                    target.log.state().equalTo(source.log.state().token()));
        } else {
            onWritten();
        }
    }

    private void onRead(BlockFault fault) {
        if (fault != BlockFault.NONE) {
            aborted = true;
            letGo();
            mirror.failed(target, fault, "resync cannot read the source at " + from + ": " + fault);
            return;
        }
        LegRequest write = target.take(this, mirror.nowNs);
        BlockGeometry geometry = target.device.geometry();
        if (geometry.fastZero() && isZero()) {
            write.request.writeZeroes(from, to - from, false, false, false);
        } else {
            write.request.write(from, (int) (to - from), buffer, 0, false);
        }
        buffer.retain();
        write.hold(buffer);
        write.issue();
    }

    private boolean isZero() {
        int length = (int) (to - from);
        int at = 0;
        while (at + Long.BYTES <= length && buffer.view().getLong(at) == 0) {
            at += Long.BYTES;
        }
        while (at < length && buffer.view().getByte(at) == 0) {
            at++;
        }
        return at == length;
    }

    private void onWritten() {
        done += to - from;
        next = to;
        for (int region = (int) (from / regionBytes); (long) region * regionBytes < to; region++) {
            if (Math.min((long) (region + 1) * regionBytes, diskBytes) <= to) {
                pending.remove(region);
            }
        }
        letGo();
    }

    private void letGo() {
        if (holding) {
            holding = false;
            buffer.release();
            buffer = null;
            mirror.ranges.remove(this);
        }
    }

    private void flush(long nowNs) {
        LegRequest flush = target.take(this, nowNs);
        flush.request.flush();
        flush.issue();
    }

    @Override
    public void onGivenUp(Leg leg) {
        aborted = true;
        letGo();
    }

    /** A write failed on the source, but the target may have it. */
    void copyAgain(long start, long end) {
        if (step == Step.COPYING) {
            for (int region = (int) (start / regionBytes); (long) region * regionBytes < end; region++) {
                pending.add(region);
            }
        } else if (step == Step.FLUSHING || step == Step.CLOSING) {
            mirror.failed(target, BlockFault.IO, "the source failed a write at " + start + " that the target may have");
        }
    }

    /** The target failed. What is under way ends by itself. */
    void abort() {
        if (step != Step.IDLE) {
            become(Step.IDLE);
            aborted = true;
            if (holding && !started) {
                letGo();
            }
        }
    }
}
