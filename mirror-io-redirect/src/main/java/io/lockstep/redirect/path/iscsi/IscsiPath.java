package io.lockstep.redirect.path.iscsi;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BlockVerb;
import io.lockstep.redirect.path.BlockPath;
import java.util.ArrayDeque;

/**
 * A logical unit of an iSCSI target. The initiator is libiscsi, in this process: several paths are several HBAs, and no kernel driver waits
 * behind our back for a target that hangs.
 *
 * <p>Where the target knows persistent reservations, each opening registers a key with its generation, and {@link #fence} shuts out all
 * earlier ones at the target itself: {@link Reservations} has the proof. A reservation does not outlive a power cut of the target, and does not
 * have to: no session does either.
 *
 * <p>Threading: the stack's thread. {@code wakeUp} is called from another thread, and must be cheap and not block.
 */
public final class IscsiPath implements BlockPath {
    private final IscsiPathConfig config;
    private final Runnable wakeUp;
    private final IscsiOp[] free;
    private final ArrayDeque<BlockRequest> backlog = new ArrayDeque<>();
    private final ArrayDeque<FenceJob> fences = new ArrayDeque<>();
    private int freeCount;
    private Link link = Link.CLOSED;
    private String trouble = "";
    private long generation;
    private IscsiWorker worker;
    private IscsiWorker previous;
    private LogicalUnit unit;
    private Fencing fencing = Fencing.NONE;
    private boolean pumping;
    private int outstanding;

    /** A closed path. {@code wakeUp} makes the stack's thread call {@link #doWork} soon. */
    public IscsiPath(IscsiPathConfig config, Runnable wakeUp) {
        this.config = config;
        this.wakeUp = wakeUp;
        this.free = new IscsiOp[config.maxIssued()];
        while (freeCount < free.length) {
            free[freeCount] = new IscsiOp(freeCount);
            freeCount++;
        }
    }

    @Override
    public String name() {
        return config.name();
    }

    @Override
    public Link link() {
        return link;
    }

    @Override
    public String trouble() {
        return trouble;
    }

    @Override
    public BlockGeometry geometry() {
        if (unit == null) {
            throw new IllegalStateException("path " + config.name() + " was never open");
        }
        return unit.geometry();
    }

    @Override
    public void open(long newGeneration) {
        if (link == Link.OPEN || link == Link.OPENING || outstanding > 0) {
            throw new IllegalStateException(
                    "path " + config.name() + " is opened while " + link + " with " + outstanding + " outstanding");
        }
        link = Link.OPENING;
        trouble = "";
        generation = newGeneration;
        continueOpening();
    }

    private boolean continueOpening() {
        if (previous != null && !previous.hasEnded()) {
            return false; // slots have one user at a time
        }
        previous = null;
        if (worker == null) {
            worker = IscsiWorker.start(config, generation, wakeUp);
            return true;
        }
        LogicalUnit found = worker.unit();
        if (found != null) {
            unit = found;
            fencing = worker.isReserved() ? Fencing.RESERVATION : Fencing.NONE;
            link = Link.OPEN;
            return true;
        }
        return watch();
    }

    /** Leaves a session that is over. */
    private boolean watch() {
        if (worker == null || worker.problem().isEmpty()) {
            return false;
        }
        abandon(worker.problem());
        return true;
    }

    @Override
    public void submit(BlockRequest request) {
        BlockFault refusal = refusal(request);
        if (refusal != BlockFault.NONE) {
            request.complete(refusal);
            return;
        }
        if (request.length() == 0 && request.verb() != BlockVerb.FLUSH) {
            request.complete(BlockFault.NONE);
            return;
        }
        outstanding++;
        if (freeCount == 0 || !backlog.isEmpty()) {
            backlog.add(request);
        } else {
            issue(request);
        }
    }

    private BlockFault refusal(BlockRequest request) {
        if (link != Link.OPEN) {
            return BlockFault.NOT_ISSUED;
        }
        BlockGeometry geometry = unit.geometry();
        if (request.verb() == BlockVerb.FLUSH) {
            return BlockFault.NONE;
        }
        if (!geometry.contains(request.offset(), request.length())
                || !geometry.isAligned(request.offset(), request.length())) {
            return BlockFault.INVALID;
        }
        return geometry.readOnly() && request.verb().changesContent() ? BlockFault.PERMISSION : BlockFault.NONE;
    }

    private void issue(BlockRequest request) {
        IscsiOp op = free[--freeCount];
        op.begin(request);
        worker.submit(op);
    }

    @Override
    public int doWork(long nowNs) {
        if (pumping) {
            return 0; // a completion may call back into here
        }
        pumping = true;
        int work = link == Link.OPENING && continueOpening() ? 1 : 0;
        IscsiWorker current = worker != null ? worker : previous;
        if (current != null) {
            for (IscsiOp op = current.poll(); op != null; op = current.poll()) {
                finish(op, current == worker);
                work++;
            }
            work += link == Link.OPEN && watch() ? 1 : 0;
            work += tellFences(current);
        }
        pumping = false;
        return work;
    }

    private void finish(IscsiOp op, boolean stillUsed) {
        // What ends after an abandon may or may not have been done before it; what was refused by the target was not.
        BlockFault fault = stillUsed || op.fault == BlockFault.FENCED || op.fault == BlockFault.NOT_ISSUED
                ? op.fault
                : BlockFault.IO;
        long runLength = op.runLength;
        boolean hole = op.runIsHole;
        BlockRequest request = op.end();
        free[freeCount++] = op;
        outstanding--;
        if (stillUsed && !backlog.isEmpty()) {
            issue(backlog.poll());
        }
        if (fault == BlockFault.NONE && request.verb() == BlockVerb.STATUS) {
            request.completeStatus(runLength, hole, hole);
        } else {
            request.complete(fault);
        }
    }

    private int tellFences(IscsiWorker current) {
        int work = 0;
        boolean over = current.hasEnded();
        while (!fences.isEmpty() && (over || fences.peek().problem != null)) {
            FenceJob job = fences.poll();
            job.outcome.onFenced(job.problem == null ? current.problem() : job.problem);
            work++;
        }
        return work;
    }

    @Override
    public void abandon(String reason) {
        if (link == Link.CLOSED || link == Link.BROKEN) {
            return;
        }
        link = Link.BROKEN;
        trouble = reason;
        if (worker != null) {
            worker.hangUp();
        }
        leave();
    }

    private void leave() {
        if (worker != null) {
            IscsiWorker left = worker;
            previous = left;
            worker = null;
            for (IscsiOp op = left.recall(); op != null; op = left.recall()) {
                BlockRequest request = op.end();
                free[freeCount++] = op;
                outstanding--;
                request.complete(BlockFault.NOT_ISSUED);
            }
        }
        for (BlockRequest request = backlog.poll(); request != null; request = backlog.poll()) {
            outstanding--;
            request.complete(BlockFault.NOT_ISSUED);
        }
    }

    @Override
    public int outstanding() {
        return outstanding;
    }

    @Override
    public Fencing fencing() {
        return fencing;
    }

    @Override
    public void fence(long below, FenceOutcome outcome) {
        FenceJob job = new FenceJob(below, outcome);
        if (link != Link.OPEN) {
            outcome.onFenced("path " + config.name() + " is " + link + ": " + trouble);
        } else if (worker.fence(job)) {
            fences.add(job);
        } else {
            outcome.onFenced("path " + config.name() + " is fencing already");
        }
    }

    /** Takes the registration back and leaves; what is on its way ends through {@link #doWork}, if that is called. */
    @Override
    public void close() {
        if (link != Link.CLOSED) {
            link = Link.CLOSED;
            trouble = "";
            if (worker != null) {
                worker.logOut();
            }
            leave();
        }
    }
}
