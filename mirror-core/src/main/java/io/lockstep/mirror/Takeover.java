package io.lockstep.mirror;

import io.lockstep.mirror.apply.ReplicaApplier;
import io.lockstep.mirror.failover.MirrorState;
import io.lockstep.mirror.failover.StateCell;
import io.lockstep.mirror.spi.Arbiter;
import io.lockstep.mirror.spi.StandbyVm;
import io.lockstep.mirror.verify.FailoverReceipt;

/**
 * The steps of a takeover in order: win the term, drop the unfinished epoch, own the disk, load, run. Times each of them for the
 * receipt. Nothing is loaded before the disk is owned, because from then on the old owner's writes cannot reach it (invariant I3).
 */
final class Takeover {
    private static final long HUNG_NS = 30_000_000_000L;
    private static final long RETRY_NS = 50_000_000L;

    private final String vm;
    private final Arbiter arbiter;
    private final StateCell cell;
    private String cause = "";
    private long expectedTerm;
    private long term;
    private long lastSignNs;
    private long suspectedNs;
    private long fencedNs;
    private long liveNs;
    private long retryNs;
    private long attachedNs;
    private boolean attached;
    private long dropped;
    private long droppedBlocks;
    private FailoverReceipt receipt;

    Takeover(String vm, Arbiter arbiter, StateCell cell) {
        this.vm = vm;
        this.arbiter = arbiter;
        this.cell = cell;
    }

    /** The term that was won, 0 before. */
    long term() {
        return term;
    }

    FailoverReceipt receipt() {
        return receipt;
    }

    void start(String why, long primaryTerm, long primarySeenNs, long nowNs) {
        cause = why;
        expectedTerm = primaryTerm;
        lastSignNs = primarySeenNs;
        suspectedNs = nowNs;
        cell.become(MirrorState.CLAIMING, why, nowNs);
        arbiter.claim(expectedTerm, why);
    }

    /** Waits for the arbiter; once the term is won, starts to take the disk. */
    int claim(Replica replica, long nowNs) {
        switch (arbiter.outcome()) {
            case WON -> {
                term = expectedTerm + 1;
                fencedNs = nowNs;
                droppedBlocks = replica.applier().unfinishedBlocks();
                dropped = replica.applier().dropUnfinished();
                attached = false;
                cell.become(MirrorState.ACTIVATING, "term " + term + " is won", nowNs);
                replica.disk().own(term);
            }
            case LOST -> cell.become(MirrorState.RECEIVING, "the primary goes on alone: " + arbiter.detail(), nowNs);
            case UNAVAILABLE -> {
                if (nowNs - retryNs < RETRY_NS) {
                    return 0;
                }
                retryNs = nowNs;
                arbiter.claim(expectedTerm, cause);
            }
            case NONE, PENDING -> {
                return 0;
            }
        }
        return 1;
    }

    /** True once the guest runs. */
    boolean activate(Replica replica, long nowNs) {
        if (!attached) {
            attach(replica, nowNs);
            return false;
        }
        ReplicaApplier applier = replica.applier();
        switch (replica.poll()) {
            case LIVE -> {
                liveNs = nowNs;
                receipt = new FailoverReceipt(
                        vm,
                        cause,
                        term,
                        applier.resumeImageId(),
                        applier.epoch(),
                        applier.chain(),
                        dropped,
                        droppedBlocks,
                        suspectedNs - lastSignNs,
                        fencedNs - suspectedNs,
                        attachedNs - fencedNs,
                        liveNs - attachedNs);
                cell.become(MirrorState.LIVE, cause, nowNs);
                return true;
            }
            case FAILED -> {
                cell.become(
                        MirrorState.FAILED,
                        "the standby did not go live: " + replica.standby().problem(),
                        nowNs);
                return false;
            }
            default -> {
                watchForHang("the standby did not go live", attachedNs, nowNs);
                return false;
            }
        }
    }

    /** Waits for the disk; once it is this host's, starts to load the guest. */
    private void attach(Replica replica, long nowNs) {
        if (replica.poll() == StandbyVm.Phase.FAILED) {
            String why = "standby lost while the disk was taken: "
                    + replica.standby().problem();
            cell.become(MirrorState.FAILED, why, nowNs);
            return;
        }
        switch (replica.disk().ownership()) {
            case OWNED -> {
                attached = true;
                attachedNs = nowNs;
                ReplicaApplier applier = replica.applier();
                replica.standby().activate(applier.baseline(), applier.state(), applier.stateLength());
            }
            case FAILED ->
                cell.become(
                        MirrorState.FAILED,
                        "the disk could not be taken: " + replica.disk().problem(),
                        nowNs);
            case FOLLOWING, CLAIMING -> watchForHang("the disk was not taken", fencedNs, nowNs);
        }
    }

    private void watchForHang(String what, long sinceNs, long nowNs) {
        if (nowNs - sinceNs > HUNG_NS) {
            cell.become(MirrorState.FAILED, what + " within " + HUNG_NS / 1_000_000_000L + " s", nowNs);
        }
    }
}
