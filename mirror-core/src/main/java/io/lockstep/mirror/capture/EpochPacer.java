package io.lockstep.mirror.capture;

import io.lockstep.mirror.MirrorPolicy;

/**
 * Says when the next checkpoint is due. The aim is {@code epochNs} from resume to resume; earlier when output waits and nothing is in
 * flight, or the disk holds much back; later when the secondary is behind or pauses take more than an eighth of the time. A checkpoint that starts some milliseconds
 * late is made up for by the next one.
 *
 * <p>Sans-io; one thread.
 */
final class EpochPacer {
    private static final int PAUSE_SHARE = 7;
    private static final int SMOOTHING = 8;
    private static final int MOST_LATE_SHARE = 4;
    private static final long MS = 1_000_000;

    private final MirrorPolicy policy;
    private long resumedNs;
    private long pauseNs;
    private long lagNs;
    private long lateNs;
    private long creditNs;

    EpochPacer(MirrorPolicy policy, long nowNs) {
        this.policy = policy;
        this.resumedNs = nowNs;
    }

    /** A checkpoint ended. */
    void resumed(long nowNs, long lastPauseNs) {
        resumedNs = nowNs;
        creditNs = lateNs;
        lateNs = 0;
        pauseNs = smoothed(pauseNs, lastPauseNs);
    }

    /** An epoch was acknowledged, {@code lastLagNs} after its capture. */
    void acknowledged(long lastLagNs) {
        lagNs = smoothed(lagNs, lastLagNs);
    }

    /**
     * A sample counts at most about double: the first copy of the guest, or one long wait for a processor, says nothing about the next
     * checkpoint, and would stretch the epochs for seconds.
     */
    private static long smoothed(long average, long sample) {
        return average + (Math.min(sample, 2 * average + MS) - average) / SMOOTHING;
    }

    /** True if a checkpoint should start. A disk that holds much back is in a hurry even behind epochs that are in flight. */
    boolean isDue(long nowNs, int inFlight, boolean outputWaits, boolean diskWaits) {
        boolean hurry = diskWaits || (outputWaits && inFlight == 0);
        long overdueNs = nowNs - resumedNs - runNs(hurry) + (hurry ? 0 : creditNs);
        if (inFlight >= policy.epochsInFlight() || overdueNs < 0) {
            return false;
        }
        // Much more than a thread's wake-up means that something else was in the way: no reason to hurry now.
        lateNs = hurry || overdueNs > policy.epochNs() / MOST_LATE_SHARE ? 0 : overdueNs;
        return true;
    }

    /** How long the guest should run between two checkpoints. */
    private long runNs(boolean hurry) {
        if (hurry) {
            return Math.max(policy.minEpochNs(), 2 * pauseNs);
        }
        long run = Math.max(policy.epochNs() - pauseNs, PAUSE_SHARE * pauseNs);
        long whenBehind = lagNs > policy.epochNs() ? lagNs : 0;
        return Math.min(policy.maxEpochNs(), Math.max(policy.minEpochNs(), Math.max(run, whenBehind)));
    }
}
