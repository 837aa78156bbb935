package io.lockstep.redirect.copies;

import io.lockstep.mirror.verify.EpochDigest;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.IoBuffer;

/**
 * Compares the copies piece by piece, by digest, without holding writes up: a piece that was written meanwhile is compared again, and only
 * a piece that is written all the time is held for the moment of its comparison. Stops at the first difference.
 */
final class Verifier extends RangeHolder implements LegRequest.Owner {
    private static final int FREE_TRIES = 4;
    private static final int BLOCK = 4096;

    private final Mirror mirror;
    private final long diskBytes;
    private final int chunk;
    private final Budget budget;
    private VerifyReport.State state = VerifyReport.State.NEVER;
    private String reason = "";
    private final IoBuffer[] buffers = new IoBuffer[2];
    private int pending;
    private boolean reading;
    private boolean holding;
    private boolean written;
    private boolean broken;
    private int tries;
    private long repeated;
    private long differenceAt = -1;
    private long differenceBytes;

    Verifier(Mirror mirror, long diskBytes, int chunk) {
        this.mirror = mirror;
        this.diskBytes = diskBytes;
        this.chunk = chunk;
        this.budget = new Budget(mirror.config.resyncBytesPerSecond(), chunk);
    }

    boolean begin() {
        if (mirror.inSyncMask() != 3 || isRunning() || reading) {
            return false;
        }
        state = VerifyReport.State.RUNNING;
        reason = "";
        from = 0;
        repeated = 0;
        tries = 0;
        differenceAt = -1;
        differenceBytes = 0;
        return true;
    }

    void stop(String why) {
        if (isRunning()) {
            end(VerifyReport.State.STOPPED, why);
        }
    }

    private void end(VerifyReport.State how, String why) {
        state = how;
        reason = why;
    }

    boolean isRunning() {
        return state == VerifyReport.State.RUNNING;
    }

    VerifyReport report() {
        return new VerifyReport(state, from, diskBytes, repeated, differenceAt, differenceBytes, reason);
    }

    void touched(long start, long end) {
        written |= reading && overlaps(start, end);
    }

    int doWork(long nowNs) {
        if (!isRunning() || reading) {
            return 0;
        }
        to = Math.min(from + chunk, diskBytes);
        if (!mirror.phase().serves() || !budget.has(to - from, nowNs)) {
            return 0;
        }
        for (Leg leg : mirror.legs) {
            buffers[leg.index] = mirror.buffers.acquire((int) (to - from));
        }
        if (buffers[0] == null || buffers[1] == null) {
            releaseBuffers();
            return 0;
        }
        budget.spend(to - from);
        reading = true;
        written = tries < FREE_TRIES && mirror.ranges.isHeld(from, to);
        if (tries < FREE_TRIES) {
            start();
        } else {
            holding = true;
            mirror.ranges.add(this);
        }
        return 1;
    }

    @Override
    void start() {
        broken = !isRunning();
        written &= !holding;
        pending = 3;
        for (Leg leg : mirror.legs) {
            if (broken || !leg.isInSync()) {
                onGivenUp(leg);
                continue;
            }
            LegRequest read = leg.take(this, mirror.nowNs);
            read.request.read(from, (int) (to - from), buffers[leg.index], 0);
            buffers[leg.index].retain();
            read.hold(buffers[leg.index]);
            read.issue();
        }
    }

    @Override
    public void onEnd(LegRequest request, BlockFault fault) {
        if (fault != BlockFault.NONE) {
            broken = true;
        }
        pending &= ~request.leg.bit();
        if (pending == 0) {
            judge();
        }
        if (fault != BlockFault.NONE) {
            stop("copy " + request.leg.name + " cannot be read at " + request.request.offset() + ": " + fault);
            mirror.readFailed(request.leg, request.request.offset(), request.request.length(), fault);
        }
    }

    @Override
    public void onGivenUp(Leg leg) {
        broken = true;
        pending &= ~leg.bit();
        if (pending == 0) {
            judge();
        }
    }

    private void judge() {
        int length = (int) (to - from);
        boolean equal = !broken
                && EpochDigest.ofBytes(buffers[0].view(), 0, length)
                        == EpochDigest.ofBytes(buffers[1].view(), 0, length);
        if (equal) {
            from = to;
            tries = 0;
            if (from == diskBytes) {
                end(VerifyReport.State.EQUAL, "every byte is equal");
            }
        } else if (!broken && written) {
            tries++;
            repeated++;
        } else if (!broken) {
            nameDifference(length);
        }
        reading = false;
        releaseBuffers();
        if (holding) {
            holding = false;
            mirror.ranges.remove(this);
        }
    }

    private void nameDifference(int length) {
        long first = -1;
        long last = 0;
        for (int at = 0; at < length; at += BLOCK) {
            int bytes = Math.min(BLOCK, length - at);
            if (EpochDigest.ofBytes(buffers[0].view(), at, bytes)
                    != EpochDigest.ofBytes(buffers[1].view(), at, bytes)) {
                first = first < 0 ? at : first;
                last = (long) at + bytes;
            }
        }
        differenceAt = from + first;
        differenceBytes = last - first;
        end(VerifyReport.State.DIFFERENT, "the copies differ from byte " + differenceAt + " on");
    }

    private void releaseBuffers() {
        for (int i = 0; i < 2; i++) {
            if (buffers[i] != null) {
                buffers[i].release();
                buffers[i] = null;
            }
        }
    }
}
