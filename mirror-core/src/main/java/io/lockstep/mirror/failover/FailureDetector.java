package io.lockstep.mirror.failover;

/**
 * Turns silence into suspicion. Two independent heartbeats are watched: both silent means that the host is gone; the network alone
 * silent means that the link is. Knows its own pauses: if it was not asked for a while it was itself stopped, and accuses nobody until a
 * full period has passed again.
 *
 * <p>Sans-io; one thread.
 */
public final class FailureDetector {
    /** What the silence means. */
    public enum Verdict {
        /** At least the network heartbeat is fresh. */
        HEALTHY,
        /** The network is silent, storage is not: a component fault. */
        LINK_SILENT,
        /** Both are silent. */
        HOST_SILENT
    }

    private final long detectNs;
    private long lastTickNs;
    private long networkNs;
    private long storageNs;

    /**
     * A detector whose period starts now.
     *
     * @param detectNs silence that raises suspicion, in nanoseconds
     */
    public FailureDetector(long detectNs, long nowNs) {
        this.detectNs = detectNs;
        restart(nowNs);
    }

    /** Starts a new period. */
    public void restart(long nowNs) {
        lastTickNs = nowNs;
        networkNs = nowNs;
        storageNs = nowNs;
    }

    /** The peer was heard on the network. */
    public void heardOnNetwork(long atNs) {
        networkNs = Math.max(networkNs, atNs);
    }

    /** The peer was seen on storage. */
    public void seenOnStorage(long atNs) {
        storageNs = Math.max(storageNs, atNs);
    }

    /** When the peer was last heard on the network. */
    public long lastHeardNs() {
        return networkNs;
    }

    /** How long the peer has been silent on the network. */
    public long silenceNs(long nowNs) {
        return nowNs - networkNs;
    }

    /** Judges; call it more often than twice a period. */
    public Verdict judge(long nowNs) {
        if (nowNs - lastTickNs > detectNs / 2) {
            restart(nowNs);
        }
        lastTickNs = nowNs;
        if (nowNs - networkNs < detectNs) {
            return Verdict.HEALTHY;
        }
        return nowNs - storageNs < detectNs ? Verdict.LINK_SILENT : Verdict.HOST_SILENT;
    }
}
