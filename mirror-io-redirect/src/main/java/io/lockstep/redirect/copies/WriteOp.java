package io.lockstep.redirect.copies;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BlockVerb;

/**
 * A client's write, discard, write of zeroes or flush on its way to the copies.
 *
 * <pre>
 *   WAITING (overlap) -> MARKING (both logs) -> ISSUED -> done, or LATCHING until a copy's failure is durable, or PARKED until a copy works
 * </pre>
 */
final class WriteOp extends RangeHolder implements LegRequest.Owner {
    /** Where it is. */
    enum Stage {
        FREE,
        WAITING,
        MARKING,
        ISSUED,
        LATCHING,
        PARKED
    }

    private static final int MAX_ATTEMPTS = 3;

    private final Mirror mirror;
    private final long[] tickets = new long[2];
    private BlockRequest client;
    private Stage stage = Stage.FREE;
    private int wanted;
    private int issued;
    private int pending;
    private int done;
    private int slow;
    private int attempts;
    private BlockFault fault = BlockFault.NONE;

    WriteOp(Mirror mirror) {
        this.mirror = mirror;
    }

    Stage stage() {
        return stage;
    }

    void begin(BlockRequest request) {
        client = request;
        attempts = 0;
        from = request.offset();
        to = from + request.length();
        stage = Stage.WAITING;
        mirror.ranges.add(this);
    }

    @Override
    void start() {
        wanted = 0;
        fault = BlockFault.NONE;
        for (Leg leg : mirror.legs) {
            if (leg.status().takesWrites()) {
                wanted |= leg.bit();
                tickets[leg.index] = leg.log.mark(from, to - from);
            }
        }
        mirror.touched(from, to);
        stage = Stage.MARKING;
        checkMarked();
    }

    /** Issues the write once everything it may leave different is marked for certain. */
    void checkMarked() {
        for (Leg leg : mirror.legs) {
            if ((wanted & leg.bit()) != 0 && leg.status().takesWrites() && !leg.log.isDurable(tickets[leg.index])) {
                return;
            }
        }
        stage = Stage.ISSUED;
        done = 0;
        slow = 0;
        issued = wanted & mirror.writableMask();
        send(issued, client.fastOnly());
    }

    private void send(int mask, boolean fast) {
        pending = mask;
        for (Leg leg : mirror.legs) {
            if ((pending & mask & leg.bit()) != 0) {
                LegRequest request = leg.take(this, mirror.nowNs);
                if (client.verb() == BlockVerb.DISCARD || client.verb() == BlockVerb.WRITE_ZEROES) {
                    request.request.writeZeroes(from, to - from, client.fua(), client.keepAllocated(), fast);
                } else {
                    request.request.copyOf(client);
                }
                if (client.data() != null) {
                    client.data().retain();
                    request.hold(client.data());
                }
                request.issue();
            }
        }
        settle();
    }

    @Override
    public void onEnd(LegRequest request, BlockFault how) {
        pending &= ~request.leg.bit();
        if (how == BlockFault.NONE) {
            done |= request.leg.bit();
        } else if (how == BlockFault.NOT_SUPPORTED && request.request.fastOnly()) {
            slow |= request.leg.bit();
        } else {
            fault = how;
            mirror.failed(request.leg, how, "a " + client.verb() + " at " + from + " failed: " + how);
        }
        settle();
    }

    @Override
    public void onGivenUp(Leg leg) {
        pending &= ~leg.bit();
        fault = BlockFault.IO;
        settle();
    }

    private void settle() {
        if (pending != 0 || stage != Stage.ISSUED) {
            return;
        }
        if (slow != 0 && done == 0 && fault == BlockFault.NONE) {
            finish(BlockFault.NOT_SUPPORTED);
            return;
        }
        int again = slow & mirror.writableMask();
        slow = 0;
        if (again != 0) {
            send(again, false);
        } else {
            judge();
        }
    }

    /** Nothing is on its way any more: what can the client be told? Also called again when a latch is durable. */
    void judge() {
        if ((done & mirror.inSyncMask()) == 0) {
            noCopyHasIt();
        } else if (mirror.isLatching()) {
            stage = Stage.LATCHING;
        } else {
            finish(BlockFault.NONE);
        }
    }

    private void noCopyHasIt() {
        BlockFault how = fault == BlockFault.NONE ? BlockFault.IO : fault;
        boolean tryAgain = how.isPathFault() && ++attempts < MAX_ATTEMPTS;
        if (tryAgain && (mirror.inSyncMask() & ~issued) != 0 && mirror.phase().serves()) {
            start();
        } else if (tryAgain && mirror.phase() == MirrorPhase.SUSPENDED) {
            stage = Stage.PARKED;
        } else {
            mirror.resync.copyAgain(from, to);
            finish(how);
        }
    }

    void finish(BlockFault how) {
        BlockRequest ended = client;
        client = null;
        stage = Stage.FREE;
        mirror.ranges.remove(this);
        mirror.ops.release(this);
        ended.complete(how);
    }
}
