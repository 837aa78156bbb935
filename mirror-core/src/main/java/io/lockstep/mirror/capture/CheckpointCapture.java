package io.lockstep.mirror.capture;

import io.lockstep.mirror.MirrorPolicy;
import io.lockstep.mirror.PrimaryParts;
import io.lockstep.mirror.counters.Counter;
import io.lockstep.mirror.counters.Counters;
import io.lockstep.mirror.record.Blob;
import io.lockstep.mirror.release.OutputGate;
import io.lockstep.mirror.ring.SendWindow;
import io.lockstep.mirror.ring.Slot;
import io.lockstep.mirror.spi.DirtyTracker;
import io.lockstep.mirror.spi.FramePort;
import io.lockstep.mirror.spi.GuestDisk;
import io.lockstep.mirror.spi.GuestVm;

/**
 * Turns a running guest into a stream of epochs in the send window. One call of {@link #doWork} does what can be done now; the guest
 * stays paused while the window is full, which is how back-pressure reaches it (invariant I7).
 *
 * <p>Threading: one thread. No allocation per page or epoch.
 */
public final class CheckpointCapture {
    /** Is told how each checkpoint went, on the capturing thread. */
    public interface Listener {
        /** The copy while the guest runs is done: the first checkpoint starts. From now on outputs must wait. */
        void onArming();

        /** An epoch is in the window. Times in nanoseconds since the pause was requested. */
        void onCaptured(long epoch, long pages, long stopNs, long copyNs, long pauseNs);

        /** The guest is paused for good, with its last epoch in the window. */
        void onFrozen(long epoch);

        /** The hypervisor would not checkpoint; the guest goes on and its pages stay owed. */
        void onCheckpointFailed(String problem, int inARow);
    }

    private enum Step {
        /** No partner: nothing to do. */
        IDLE,
        /** Copying while the guest runs. */
        SYNCING,
        /** The guest runs until the next checkpoint. */
        RUNNING,
        PAUSING,
        COPYING,
        SAVING,
        /** The session ended in the middle of a checkpoint: the guest must go on first. */
        ABORTING,
        FROZEN
    }

    /** Far above any pause seen, so that an overloaded host is not taken for a broken one. */
    private static final long HUNG_NS = 10_000_000_000L;

    private final GuestVm guest;
    private final DirtyTracker tracker;
    private final GuestDisk disk;
    private final SendWindow window;
    private final OutputGate gate;
    private final FramePort nic;
    private final Counters counters;
    private final Listener listener;
    private final PageLedger ledger;
    private final PageSource source;
    private final EpochPacer pacer;
    private final SyncCopy sync;
    private final FramePort.Handler hold;
    private Step step = Step.IDLE;
    private boolean arming;
    private boolean freezing;
    private long epoch;
    private long acknowledged;
    private long pages;
    private int stateSent;
    private int failures;
    private long requestedNs;
    private long stoppedNs;
    private long copiedNs;
    private final long[] capturedNs;

    /** A capture stage for a guest that runs. */
    public CheckpointCapture(PrimaryParts parts, OutputGate gate, MirrorPolicy policy, Listener listener, long nowNs) {
        this.guest = parts.guest();
        this.tracker = parts.tracker();
        this.disk = parts.disk();
        this.window = parts.window();
        this.gate = gate;
        this.nic = parts.nic();
        this.hold = gate::hold;
        this.counters = parts.counters();
        this.listener = listener;
        this.ledger = new PageLedger(guest.memory().pageCount(), disk, policy.epochsInFlight(), counters);
        this.source = new PageSource(guest.memory(), disk, window, ledger, counters);
        this.pacer = new EpochPacer(policy, nowNs);
        this.sync = new SyncCopy(parts, ledger, source);
        this.capturedNs = new long[policy.epochsInFlight() + 1];
    }

    /** The last epoch that was captured. */
    public long epoch() {
        return epoch;
    }

    /** True if no session is served and the guest runs. */
    public boolean isIdle() {
        return step == Step.IDLE;
    }

    /**
     * Starts to serve a secondary. Legal while idle.
     *
     * @param full false if the secondary still holds every page of this image that is not owed
     * @param diskToken names what the secondary's copy of the disk holds
     */
    public void startSession(long generation, long imageId, boolean full, long chain, long diskToken) {
        if (step != Step.IDLE) {
            throw new IllegalStateException("session " + generation + " starts during " + step);
        }
        if (full) {
            ledger.oweMemory();
        }
        ledger.oweDisk(diskToken);
        acknowledged = epoch;
        sync.start(generation, imageId, epoch, chain);
        pages = 0;
        arming = true;
        freezing = false;
        failures = 0;
        step = Step.SYNCING;
    }

    /** The session is over: everything that is not acknowledged is owed again. */
    public void endSession() {
        ledger.handOverFailed();
        counters.set(Counter.OWED_PAGES, ledger.owed().size());
        step = switch (step) {
            case IDLE, SYNCING, RUNNING -> Step.IDLE;
            case PAUSING, COPYING, SAVING, ABORTING, FROZEN -> Step.ABORTING;
        };
        if (step == Step.ABORTING) {
            // Pages found written at this pause will be read after it: a tracker that compares would miss what changes
            // back meanwhile.
            ledger.oweMemory();
        }
    }

    /** The secondary has every epoch up to this one. */
    public void acknowledged(long upTo, long nowNs) {
        if (upTo > epoch || upTo <= acknowledged) {
            return;
        }
        acknowledged = upTo;
        ledger.acknowledged(upTo);
        disk.committed(upTo);
        long lag = nowNs - capturedNs[(int) (upTo % capturedNs.length)];
        counters.set(Counter.LAST_LAG_NS, lag);
        pacer.acknowledged(lag);
    }

    /** Asks for one last checkpoint after which the guest stays paused. */
    public void freeze() {
        freezing = true;
    }

    /** Does what can be done now; {@code phase} is what the guest's poll said. Returns 0 if there was nothing to do. */
    public int doWork(long nowNs, GuestVm.Phase phase) {
        return switch (step) {
            case IDLE, FROZEN -> 0;
            case SYNCING -> sync(nowNs);
            case RUNNING -> run(nowNs, phase);
            case PAUSING -> pause(nowNs, phase);
            case COPYING -> copy(nowNs);
            case SAVING -> save(nowNs, phase);
            case ABORTING -> abort(phase);
        };
    }

    private int sync(long nowNs) {
        int work = sync.doWork(epoch + 1);
        if (sync.isDone()) {
            pages = sync.pages();
            listener.onArming();
            request(nowNs);
            return 1;
        }
        return work;
    }

    private int run(long nowNs, GuestVm.Phase phase) {
        int inFlight = (int) (epoch - acknowledged);
        boolean due =
                freezing ? inFlight == 0 : pacer.isDue(nowNs, inFlight, gate.hasUnmarked(), disk.wantsCheckpoint());
        if (!due || phase != GuestVm.Phase.RUNNING) {
            return 0;
        }
        request(nowNs);
        return 1;
    }

    private void request(long nowNs) {
        stateSent = 0;
        requestedNs = nowNs;
        disk.pauseRequested();
        guest.requestCheckpoint();
        step = Step.PAUSING;
    }

    private int pause(long nowNs, GuestVm.Phase phase) {
        if (phase == GuestVm.Phase.CHECKPOINT_FAILED) {
            return giveUp(nowNs);
        }
        if (phase != GuestVm.Phase.MEMORY_FINAL && phase != GuestVm.Phase.STATE_READY) {
            return watchForHang(nowNs - requestedNs, "stop the guest");
        }
        stoppedNs = nowNs;
        ledger.harvest(tracker);
        counters.set(Counter.LAST_DIRTY_PAGES, ledger.owed().size());
        step = Step.COPYING;
        return 1;
    }

    /** A hypervisor that hangs is a fault like one that dies; killed, it is handled as such. */
    private int watchForHang(long waitedNs, String what) {
        if (waitedNs < HUNG_NS) {
            return 0;
        }
        guest.kill("the hypervisor did not " + what + " within " + HUNG_NS / 1_000_000_000L + " s");
        return 1;
    }

    private int copy(long nowNs) {
        Slot.Kind kind = arming ? Slot.Kind.SYNC_PAGE : Slot.Kind.PAGE;
        int copied = 0;
        for (long page = ledger.owed().next(0); page >= 0; page = ledger.owed().next(page + 1)) {
            PageSource.Copied result = source.copy(page, kind, epoch + 1);
            if (result == PageSource.Copied.WINDOW_FULL) {
                counters.add(Counter.WINDOW_FULL, copied == 0 ? 0 : 1);
                break;
            }
            copied += result == PageSource.Copied.DONE ? 1 : 0;
        }
        pages += copied;
        counters.add(Counter.PAGES, copied);
        if (ledger.owed().isEmpty()) {
            copiedNs = nowNs;
            step = Step.SAVING;
            return copied + 1;
        }
        return copied;
    }

    private int save(long nowNs, GuestVm.Phase phase) {
        if (phase == GuestVm.Phase.CHECKPOINT_FAILED) {
            return giveUp(nowNs);
        }
        if (phase != GuestVm.Phase.STATE_READY) {
            return watchForHang(nowNs - copiedNs, "save the device state");
        }
        int total = guest.stateLength();
        int work = 0;
        while (stateSent < total) {
            Slot slot = window.claim();
            if (slot == null) {
                return work;
            }
            int length = Math.min(Slot.CAPACITY, total - stateSent);
            guest.copyState(stateSent, slot.data(), 0, length);
            slot.chunk(Blob.DEVICE_STATE, stateSent, total, length);
            window.publish();
            stateSent += length;
            work++;
        }
        Slot end = window.claim();
        if (end == null) {
            return work;
        }
        drainOutputs();
        epoch++;
        end.epochEnd(epoch, pages, total);
        window.publish();
        gate.mark(epoch);
        disk.sealed(epoch);
        finish(nowNs);
        return work + 1;
    }

    /** What the guest said before the pause belongs to this epoch; what does not fit in the gate waits for the next one. */
    private void drainOutputs() {
        while (gate.hasRoom() && nic.poll(hold, 1) > 0) {
            counters.set(Counter.OUTPUTS_HELD, gate.heldFrames());
        }
    }

    private void finish(long nowNs) {
        failures = 0;
        arming = false;
        capturedNs[(int) (epoch % capturedNs.length)] = nowNs;
        counters.add(Counter.EPOCHS_CAPTURED, 1);
        long pauseNs = nowNs - requestedNs;
        long epochPages = pages;
        pages = 0;
        if (freezing) {
            step = Step.FROZEN;
            listener.onCaptured(epoch, epochPages, stoppedNs - requestedNs, copiedNs - stoppedNs, pauseNs);
            listener.onFrozen(epoch);
            return;
        }
        guest.resume();
        pacer.resumed(nowNs, pauseNs);
        counters.add(Counter.PAUSE_NS, pauseNs);
        counters.set(Counter.LAST_PAUSE_NS, pauseNs);
        step = Step.RUNNING;
        listener.onCaptured(epoch, epochPages, stoppedNs - requestedNs, copiedNs - stoppedNs, pauseNs);
    }

    /** The epoch stays open: pages that are in the window stay part of it, pages written again are sent again. */
    private int giveUp(long nowNs) {
        counters.add(Counter.CHECKPOINTS_FAILED, 1);
        failures++;
        String problem = guest.problem();
        guest.resume();
        pacer.resumed(nowNs, nowNs - requestedNs);
        step = Step.RUNNING;
        listener.onCheckpointFailed(problem, failures);
        return 1;
    }

    private int abort(GuestVm.Phase phase) {
        switch (phase) {
            case STATE_READY, CHECKPOINT_FAILED -> guest.resume();
            case RUNNING -> step = Step.IDLE;
            default -> {
                return 0;
            }
        }
        return 1;
    }
}
