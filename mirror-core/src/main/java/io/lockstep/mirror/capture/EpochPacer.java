package io.lockstep.mirror.capture;

import io.lockstep.mirror.MirrorPolicy;

/**
 * Says when the next checkpoint is due. The aim is {@code epochNs} from resume to resume; earlier when output waits and nothing is in
 * flight; later when the secondary is behind or pauses take more than an eighth of the time.
 *
 * <p>Sans-io; one thread.
 */
final class EpochPacer {
    private static final int PAUSE_SHARE = 7;
    private static final int SMOOTHING = 8;

    private final MirrorPolicy policy;
    private long resumedNs;
    private long pauseNs;
    private long lagNs;

    EpochPacer(MirrorPolicy policy, long nowNs) {
        this.policy = policy;
        this.resumedNs = nowNs;
    }

    /** A checkpoint ended. */
    void resumed(long nowNs, long lastPauseNs) {
        resumedNs = nowNs;
        pauseNs += (lastPauseNs - pauseNs) / SMOOTHING;
    }

    /** An epoch was acknowledged, {@code lastLagNs} after its capture. */
    void acknowledged(long lastLagNs) {
        lagNs += (lastLagNs - lagNs) / SMOOTHING;
    }

    /** True if a checkpoint should start. */
    boolean isDue(long nowNs, int inFlight, boolean outputWaits) {
        return inFlight < policy.epochsInFlight() && nowNs - resumedNs >= runNs(inFlight, outputWaits);
    }

    /** How long the guest should run between two checkpoints. */
    private long runNs(int inFlight, boolean outputWaits) {
        if (outputWaits && inFlight == 0) {
            return Math.max(policy.minEpochNs(), 2 * pauseNs);
        }
        long run = Math.max(policy.epochNs() - pauseNs, PAUSE_SHARE * pauseNs);
        long whenBehind = lagNs > policy.epochNs() ? lagNs : 0;
        return Math.min(policy.maxEpochNs(), Math.max(policy.minEpochNs(), Math.max(run, whenBehind)));
    }
}
