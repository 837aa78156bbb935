package io.lockstep.redirect.epoch;

import io.lockstep.redirect.block.BlockCompletion;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BlockVerb;
import java.util.ArrayDeque;

/**
 * What the guest changes: on hold into the overlay, otherwise past it to the home. Changes of the same blocks are never made at the same time.
 * A change that finds no room goes on piece by piece, and its client waits: back-pressure.
 */
final class Changes {
    /** Is told what was changed. */
    interface Listener {
        /** In the overlay now, or written to the home (possibly in part, if the home failed). */
        void changed(long from, long end, boolean throughToHome);
    }

    private static final int JOBS = 64;

    private final Overlay overlay;
    private final Home home;
    private final CopyMarks marks;
    private final IoGate gate;
    private final Listener listener;
    private final Job[] jobs = new Job[JOBS];
    private final ArrayDeque<BlockRequest> waiting = new ArrayDeque<>(JOBS);
    private final ArrayDeque<BlockRequest> flushes = new ArrayDeque<>(JOBS);
    private final BlockRequest flush = new BlockRequest(JOBS);
    private final BlockCompletion onBelow = this::onBelow;
    private final BlockCompletion onFlush = this::onFlush;
    private int active;
    private int flushing;

    private static final class Job {
        final BlockRequest below;
        BlockRequest request;
        long first;
        long next;
        long end;
        boolean isBelow;
        boolean inDoubt;

        Job(int id) {
            below = new BlockRequest(id);
        }

        boolean touches(long from, long to) {
            return request != null && first < to && from < end;
        }
    }

    Changes(Overlay overlay, Home home, CopyMarks marks, IoGate gate, Listener listener) {
        this.overlay = overlay;
        this.home = home;
        this.marks = marks;
        this.gate = gate;
        this.listener = listener;
        for (int i = 0; i < JOBS; i++) {
            jobs[i] = new Job(i);
        }
    }

    /** Takes a WRITE, WRITE_ZEROES or DISCARD. */
    void submit(BlockRequest request) {
        DiskState state = gate.state();
        if (state == DiskState.FOLLOWING || state == DiskState.CLAIMING) {
            request.complete(BlockFault.PERMISSION);
        } else if (!start(request)) {
            waiting.add(request);
        }
    }

    /** Takes a FLUSH. On hold the order of the epochs is all the order there is to keep. */
    void submitFlush(BlockRequest request) {
        if (gate.state() == DiskState.THROUGH || gate.state() == DiskState.FAILED) {
            flushes.add(request);
            startFlush();
        } else {
            request.complete(BlockFault.NONE);
        }
    }

    int doWork() {
        int work = 0;
        if (active > 0) {
            for (Job job : jobs) {
                work += job.request != null && !job.isBelow && step(job) ? 1 : 0;
            }
        }
        for (int i = waiting.size(); i > 0; i--) {
            BlockRequest request = waiting.poll();
            if (start(request)) {
                work++;
            } else {
                waiting.add(request);
            }
        }
        return work + (startFlush() ? 1 : 0);
    }

    /** True if nothing was asked for that is not complete. */
    boolean isIdle() {
        return active == 0 && waiting.isEmpty() && flushes.isEmpty();
    }

    /** Ends what has not been asked of the home. */
    void cancelWaiting() {
        while (!waiting.isEmpty()) {
            waiting.poll().complete(BlockFault.NOT_ISSUED);
        }
        for (int left = flushes.size() - flushing; left > 0; left--) {
            flushes.pollLast().complete(BlockFault.NOT_ISSUED);
        }
        for (Job job : jobs) {
            if (job.request != null && !job.isBelow) {
                end(job).complete(job.inDoubt ? BlockFault.IO : BlockFault.NOT_ISSUED);
            }
        }
    }

    private boolean start(BlockRequest request) {
        if (!gate.state().isOwned()) {
            return false;
        }
        long from = request.offset() / Overlay.BLOCK;
        long end = from + request.length() / Overlay.BLOCK;
        Job job = active == 0 ? jobs[0] : freeJob(from, end);
        if (job == null) {
            return false;
        }
        job.request = request;
        job.first = from;
        job.next = from;
        job.end = end;
        job.isBelow = false;
        job.inDoubt = false;
        active++;
        step(job);
        return true;
    }

    private Job freeJob(long from, long end) {
        Job found = null;
        for (Job job : jobs) {
            if (job.request == null) {
                found = job;
            } else if (job.touches(from, end)) {
                return null;
            }
        }
        return found;
    }

    private boolean step(Job job) {
        return switch (gate.state()) {
            case HELD -> hold(job);
            case THROUGH -> pass(job);
            default -> false;
        };
    }

    private boolean hold(Job job) {
        boolean hint = job.request.verb() == BlockVerb.DISCARD;
        long end = Math.min(job.end, job.next + Math.max(0, gate.room(!hint)));
        long from = job.next;
        for (; job.next < end; job.next++) {
            put(job, job.next);
        }
        if (end > from) {
            listener.changed(from, end, false);
        }
        if (job.next == job.end || hint) {
            // What is discarded is zeroed, so that both copies hold the same; for what finds no room nothing happens on
            // either.
            end(job).complete(BlockFault.NONE);
            return true;
        }
        return end > from;
    }

    private void put(Job job, long block) {
        BlockRequest request = job.request;
        if (request.verb() == BlockVerb.WRITE) {
            int at = request.dataOffset() + (int) (block - job.first) * Overlay.BLOCK;
            overlay.put(block, request.data().view(), at);
        } else {
            overlay.putZero(block);
        }
    }

    private boolean pass(Job job) {
        if (!gate.mayPassThrough() || overlay.hasAny(job.first, job.end)) {
            return false;
        }
        if (!marks.isDurable(marks.mark(job.first, job.end, overlay.openSet()))) {
            return false;
        }
        BlockRequest request = job.request;
        if (request.verb() == BlockVerb.DISCARD) {
            job.below.writeZeroes(request.offset(), request.length(), request.fua(), false, true);
        } else {
            job.below.copyOf(request);
        }
        job.isBelow = true;
        job.below.submitTo(home.local(), onBelow);
        return true;
    }

    private void onBelow(BlockRequest below) {
        Job job = jobs[(int) below.id()];
        job.isBelow = false;
        listener.changed(job.first, job.end, true);
        BlockFault fault = below.fault();
        if (fault == BlockFault.NOT_SUPPORTED && job.request.verb() == BlockVerb.DISCARD) {
            fault = BlockFault.NONE;
        }
        if (fault == BlockFault.NONE || fault == BlockFault.NOT_SUPPORTED) {
            end(job).complete(fault);
        } else {
            job.inDoubt = true;
            // The guest's request waits: it is for others to say what becomes of a guest whose disk has failed.
            gate.failed("home: " + below + " failed: " + fault);
        }
    }

    private BlockRequest end(Job job) {
        BlockRequest request = job.request;
        job.request = null;
        active--;
        return request;
    }

    /** One flush of the home for all that wait; it must come after all that was on hold. */
    private boolean startFlush() {
        DiskState state = gate.state();
        boolean due = flushing == 0 && !flushes.isEmpty() && state.isOwned();
        if (!due || (state == DiskState.THROUGH && overlay.used() > 0)) {
            return false;
        }
        flushing = flushes.size();
        flush.flush();
        flush.submitTo(home.local(), onFlush);
        return true;
    }

    private void onFlush(BlockRequest done) {
        int covered = flushing;
        flushing = 0;
        if (done.fault() != BlockFault.NONE) {
            gate.failed("home: FLUSH failed: " + done.fault());
            if (gate.state() != DiskState.HELD) {
                return;
            }
            // On hold by now: the order of the epochs is enough, and the partner has what went before.
        }
        for (int i = 0; i < covered; i++) {
            flushes.poll().complete(BlockFault.NONE);
        }
    }
}
