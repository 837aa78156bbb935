package io.lockstep.mirror;

import io.lockstep.mirror.apply.ReplicaApplier;
import io.lockstep.mirror.failover.MirrorState;
import io.lockstep.mirror.failover.StateCell;
import io.lockstep.mirror.spi.Arbiter;
import io.lockstep.mirror.spi.StandbyVm;
import io.lockstep.mirror.verify.FailoverReceipt;

/** The steps of a takeover in order: win the term, drop the unfinished epoch, load, run. Times each of them for the receipt. */
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
    private long dropped;
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

    /** Waits for the arbiter; once the term is won, starts to load the guest. */
    int claim(ReplicaApplier applier, StandbyVm standby, long nowNs) {
        switch (arbiter.outcome()) {
            case WON -> {
                term = expectedTerm + 1;
                fencedNs = nowNs;
                dropped = applier.dropUnfinished();
                cell.become(MirrorState.ACTIVATING, "term " + term + " is won", nowNs);
                standby.activate(applier.baseline(), applier.state(), applier.stateLength());
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
    boolean activate(ReplicaApplier applier, StandbyVm standby, long nowNs) {
        switch (standby.poll()) {
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
                        suspectedNs - lastSignNs,
                        fencedNs - suspectedNs,
                        liveNs - fencedNs);
                cell.become(MirrorState.LIVE, cause, nowNs);
                return true;
            }
            case FAILED -> {
                cell.become(MirrorState.FAILED, "the standby did not go live: " + standby.problem(), nowNs);
                return false;
            }
            default -> {
                if (nowNs - fencedNs > HUNG_NS) {
                    String why = "the standby did not go live within " + HUNG_NS / 1_000_000_000L + " s";
                    cell.become(MirrorState.FAILED, why, nowNs);
                }
                return false;
            }
        }
    }
}
