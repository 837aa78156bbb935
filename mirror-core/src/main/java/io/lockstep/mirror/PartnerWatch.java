package io.lockstep.mirror;

import io.lockstep.mirror.failover.FailureDetector;

/** Judges the secondary's silence for a primary: patiently while memory is copied, because nothing depends on the copy yet. */
final class PartnerWatch {
    private static final long NS_PER_MS = 1_000_000;

    private final MirrorPolicy policy;
    private final FailureDetector detector;

    PartnerWatch(MirrorPolicy policy, long nowNs) {
        this.policy = policy;
        this.detector = new FailureDetector(policy.partnerDetectNs(), nowNs);
    }

    /** A session starts. */
    void restart(long nowNs) {
        detector.restart(nowNs);
    }

    /** Why the partner counts as lost; empty while it does not. */
    String judge(long heardNs, boolean copying, long nowNs) {
        detector.heardOnNetwork(heardNs);
        boolean healthy = detector.judge(nowNs) == FailureDetector.Verdict.HEALTHY;
        long silence = detector.silenceNs(nowNs);
        if (healthy || (copying && silence < policy.copyPatienceNs())) {
            return "";
        }
        return "the partner is silent for " + silence / NS_PER_MS + " ms";
    }
}
