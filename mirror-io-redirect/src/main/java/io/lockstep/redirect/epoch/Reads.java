package io.lockstep.redirect.epoch;

import io.lockstep.redirect.block.BlockCompletion;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BlockVerb;
import io.lockstep.redirect.block.RequestPool;
import java.util.ArrayDeque;

/**
 * Assembles what is read from the overlay and the home. A block that is not in the overlay when it is looked up is current in the home:
 * it leaves the overlay only when its write is complete.
 */
final class Reads {
    private static final int JOBS = 128;
    private static final int PARTS = 512;

    private final Overlay overlay;
    private final Home home;
    private final IoGate gate;
    private final RequestPool parts = new RequestPool(PARTS);
    private final Job[] jobOf = new Job[PARTS];
    private final boolean[] away = new boolean[PARTS];
    private final Job[] free = new Job[JOBS];
    private final ArrayDeque<BlockRequest> waiting = new ArrayDeque<>(JOBS);
    private final ArrayDeque<Job> stalled = new ArrayDeque<>(JOBS);
    private final BlockCompletion onPart = this::onPart;
    private int freeCount;

    private static final class Job {
        BlockRequest request;
        long first;
        long next;
        long end;
        int pending;
        boolean allIssued;
        boolean awayFailed;
        BlockFault fault;
    }

    Reads(Overlay overlay, Home home, IoGate gate) {
        this.overlay = overlay;
        this.home = home;
        this.gate = gate;
        for (int i = 0; i < JOBS; i++) {
            free[freeCount++] = new Job();
        }
    }

    /** Takes a READ or STATUS. */
    void submit(BlockRequest request) {
        if (gate.isOpen() && freeCount > 0) {
            start(request);
        } else {
            waiting.add(request);
        }
    }

    int doWork() {
        int work = 0;
        while (gate.isOpen() && !stalled.isEmpty() && parts.available() > 0) {
            issue(stalled.poll());
            work++;
        }
        while (gate.isOpen() && !waiting.isEmpty() && freeCount > 0 && stalled.isEmpty()) {
            start(waiting.poll());
            work++;
        }
        return work;
    }

    /** Ends what has not been asked of anybody. */
    void cancelWaiting() {
        while (!waiting.isEmpty()) {
            waiting.poll().complete(BlockFault.NOT_ISSUED);
        }
    }

    private void start(BlockRequest request) {
        Job job = free[--freeCount];
        job.request = request;
        job.first = request.offset() / Overlay.BLOCK;
        job.next = job.first;
        job.end = job.first + request.length() / Overlay.BLOCK;
        job.pending = 0;
        job.allIssued = false;
        job.awayFailed = false;
        job.fault = BlockFault.NONE;
        if (request.verb() == BlockVerb.STATUS) {
            status(job);
        } else {
            issue(job);
        }
    }

    private void issue(Job job) {
        long visible = gate.visibleSet();
        while (job.next < job.end) {
            int version = overlay.newest(job.next, visible);
            if (version != Overlay.NONE) {
                copy(job, version);
                continue;
            }
            BlockRequest part = parts.acquire();
            if (part == null) {
                stalled.add(job);
                return;
            }
            long from = job.next;
            long most = Math.min(job.end, from + home.mostBlocks());
            long end = from + 1;
            while (end < most && overlay.newest(end, visible) == Overlay.NONE) {
                end++;
            }
            part.read(
                    from * Overlay.BLOCK, (int) (end - from) * Overlay.BLOCK, job.request.data(), position(job, from));
            job.next = end;
            send(job, part);
        }
        job.allIssued = true;
        finishIfDone(job);
    }

    private void send(Job job, BlockRequest part) {
        job.pending++;
        jobOf[(int) part.id()] = job;
        away[(int) part.id()] = home.isLeft();
        part.submitTo(home.forReads(), onPart);
    }

    private static int position(Job job, long block) {
        return job.request.dataOffset() + (int) (block - job.first) * Overlay.BLOCK;
    }

    private void copy(Job job, int version) {
        int at = position(job, job.next++);
        if (overlay.isZero(version)) {
            job.request.data().view().setMemory(at, Overlay.BLOCK, (byte) 0);
        } else {
            job.request.data().view().putBytes(at, overlay.slab(), overlay.position(version), Overlay.BLOCK);
        }
    }

    private void onPart(BlockRequest part) {
        Job job = jobOf[(int) part.id()];
        job.pending--;
        if (part.fault() != BlockFault.NONE) {
            job.fault = part.fault();
            job.awayFailed |= away[(int) part.id()];
        }
        boolean status = part.verb() == BlockVerb.STATUS;
        long run = status ? part.extentLength() : 0;
        boolean hole = status && part.extentHole();
        boolean zero = status && part.extentZero();
        parts.release(part);
        if (!status) {
            finishIfDone(job);
            return;
        }
        BlockRequest request = end(job);
        if (job.fault == BlockFault.NONE && run >= Overlay.BLOCK) {
            request.completeStatus(Math.min(run & -Overlay.BLOCK, (job.next - job.first) * Overlay.BLOCK), hole, zero);
        } else {
            // Whoever cannot tell has data there; a short run is data as a whole for the same reason.
            long length = job.fault == BlockFault.NONE ? Overlay.BLOCK : (job.next - job.first) * Overlay.BLOCK;
            request.completeStatus(length, false, false);
        }
    }

    private void finishIfDone(Job job) {
        if (!job.allIssued || job.pending > 0) {
            return;
        }
        BlockRequest request = end(job);
        if (job.fault == BlockFault.NONE) {
            request.complete(BlockFault.NONE);
        } else if (gate.state().isOwned()) {
            waiting.add(request);
            tell(job, request);
        } else {
            request.complete(job.fault);
        }
    }

    private void tell(Job job, BlockRequest request) {
        if (job.awayFailed) {
            gate.awayFailed(request + " failed: " + job.fault);
        } else {
            gate.failed("home: " + request + " failed: " + job.fault);
        }
    }

    private BlockRequest end(Job job) {
        BlockRequest request = job.request;
        job.request = null;
        free[freeCount++] = job;
        return request;
    }

    private void status(Job job) {
        long visible = gate.visibleSet();
        int first = overlay.newest(job.first, visible);
        long end = job.first + 1;
        if (first != Overlay.NONE) {
            boolean zero = overlay.isZero(first);
            while (end < job.end && isKind(overlay.newest(end, visible), zero)) {
                end++;
            }
            long length = (end - job.first) * Overlay.BLOCK;
            end(job).completeStatus(length, zero, zero);
            return;
        }
        BlockRequest part = parts.acquire();
        if (part == null) {
            end(job).completeStatus(Overlay.BLOCK, false, false);
            return;
        }
        // Not further than a reader looks at a time: a whole empty disk may be asked about in one request.
        long most = overlay.used() == 0 ? job.end : Math.min(job.end, job.first + overlay.capacity());
        while (end < most && (overlay.used() == 0 || overlay.newest(end, visible) == Overlay.NONE)) {
            end = overlay.used() == 0 ? most : end + 1;
        }
        job.next = end;
        part.status(job.first * Overlay.BLOCK, (end - job.first) * Overlay.BLOCK);
        send(job, part);
    }

    private boolean isKind(int version, boolean zero) {
        return version != Overlay.NONE && overlay.isZero(version) == zero;
    }
}
