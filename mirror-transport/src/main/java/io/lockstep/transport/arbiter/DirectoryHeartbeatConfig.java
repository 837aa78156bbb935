package io.lockstep.transport.arbiter;

import java.nio.file.Path;

/**
 * How a host beats on shared storage.
 *
 * @param directory existing directory on storage that both hosts see
 * @param host name of this host; a file name of letters, digits, dots, dashes
 * @param peer name of the other host, the same form
 * @param intervalNs time between two beats
 * @param stallNs a round of file operations that takes longer is a problem
 * @param synchronous true to write through to the storage, false to leave that to the file system
 */
public record DirectoryHeartbeatConfig(
        Path directory, String host, String peer, long intervalNs, long stallNs, boolean synchronous) {
    /** Checks the bounds. */
    public DirectoryHeartbeatConfig {
        DirectoryArbiter.requireName("host", host);
        DirectoryArbiter.requireName("peer", peer);
        if (host.equals(peer)) {
            throw new IllegalArgumentException("host and peer are both " + host);
        }
        if (intervalNs < 1_000_000 || stallNs < intervalNs) {
            throw new IllegalArgumentException("intervalNs is " + intervalNs + ", must be at least 1000000; stallNs is "
                    + stallNs + ", must be at least intervalNs");
        }
    }
}
