package io.lockstep.mirror;

import io.lockstep.mirror.failover.FailureDetector;
import io.lockstep.mirror.spi.StorageHeartbeat;

/** Judges the primary's silence for a secondary, on the network and on storage. One thread. */
final class PrimaryWatch {
    /** What to do. */
    enum Finding {
        HEALTHY,
        /** Silent, but not for long enough. */
        WAIT,
        /** {@link #why()}. */
        GONE
    }

    private final MirrorPolicy policy;
    private final StorageHeartbeat storage;
    private final FailureDetector detector;
    private String why = "";

    PrimaryWatch(MirrorPolicy policy, StorageHeartbeat storage, long nowNs) {
        this.policy = policy;
        this.storage = storage;
        this.detector = new FailureDetector(policy.detectNs(), nowNs);
    }

    void restart(long nowNs) {
        detector.restart(nowNs);
    }

    void heard(long nowNs) {
        detector.heardOnNetwork(nowNs);
    }

    long lastHeardNs() {
        return detector.lastHeardNs();
    }

    String why() {
        return why;
    }

    /** Patient while the replica is not {@code ready}: nothing can be taken over, and copying is when hosts are busiest. */
    Finding judge(boolean ready, long nowNs) {
        detector.seenOnStorage(storage.peerSeenNs());
        FailureDetector.Verdict verdict = detector.judge(nowNs);
        if (verdict == FailureDetector.Verdict.HEALTHY) {
            return Finding.HEALTHY;
        }
        boolean hostSilent = verdict == FailureDetector.Verdict.HOST_SILENT;
        long silence = detector.silenceNs(nowNs);
        why = hostSilent
                ? "primary silent on network and storage"
                : "primary silent on the network only, and it did not go on alone";
        boolean gone = ready
                ? hostSilent || silence >= policy.linkFaultGraceNs()
                : hostSilent && silence >= policy.copyPatienceNs();
        return gone ? Finding.GONE : Finding.WAIT;
    }
}
