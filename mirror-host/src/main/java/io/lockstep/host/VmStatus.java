package io.lockstep.host;

import io.lockstep.mirror.failover.MirrorState;
import java.util.Map;

/**
 * One guest on one host, at one moment. {@code docs/host.md} shows it as JSON.
 *
 * @param vm name of the guest
 * @param role what this host is to the guest
 * @param state where it is
 * @param reason why
 * @param term the term held here, or known
 * @param epoch the last committed epoch
 * @param qemuPid process id of QEMU here, -1 if there is none
 * @param tracker how written pages are found, empty on a secondary
 * @param link {@code up}, or why it is down
 * @param roundTripUs round trip of the last heartbeat
 * @param counters every counter by name
 * @param pause statistics of the pauses since the guest was last PROTECTED
 * @param receipt the last failover to this host, or null
 * @param disk the guest's disk on this host, or null
 */
public record VmStatus(
        String vm,
        Role role,
        MirrorState state,
        String reason,
        long term,
        long epoch,
        long qemuPid,
        String tracker,
        String link,
        long roundTripUs,
        Map<String, Long> counters,
        Pause pause,
        HostReceipt receipt,
        Disk disk) {
    /** What a host is to a guest. */
    public enum Role {
        /** Being decided, or the guest is being started. */
        STARTING,
        /** The guest runs here. */
        PRIMARY,
        /** A replica is, or could be, here. */
        SECONDARY
    }

    /** Pauses in microseconds: whole, until the guest stood still, to copy its pages, and until it ran again. */
    public record Pause(
            long count,
            long p50Us,
            long p99Us,
            long maxUs,
            long stopP50Us,
            long copyP50Us,
            long restP50Us,
            long pagesP50) {
        /** No pause yet. */
        public static final Pause NONE = new Pause(0, 0, 0, 0, 0, 0, 0, 0);
    }

    /**
     * The disk of a guest on one host.
     *
     * @param state what it is used for: following the partner, held by epochs, written through
     * @param copy {@code good}; {@code left} if this host's copy failed and the partner's is read; {@code broken} if neither can be used
     * @param path the way to this host's copy that is used now, empty if there is none
     * @param reason why it is so, if something is wrong
     * @param counters what happened, by name
     */
    public record Disk(String state, String copy, String path, String reason, Map<String, Long> counters) {}
}
