package io.lockstep.host.config;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The disk of a guest, as one host sees it.
 *
 * @param topology whether each host has a copy of its own, or both reach one disk
 * @param paths ways to this host's copy, or to the shared disk, the preferred one first: a file or block device, or {@code nbd+unix://...}
 * @param stateDir directory on this host that survives restarts: which blocks a copy may miss, what a copy holds, the journal
 * @param heldBytes most bytes of guest writes that wait for the commit of their epoch
 * @param serve interconnect address at which this host lets its partner use the disk; empty for never
 * @param partner where the partner does that; empty for nowhere
 */
public record DiskConfig(
        Topology topology,
        List<CopyPath> paths,
        Path stateDir,
        long heldBytes,
        Optional<InetSocketAddress> serve,
        Optional<InetSocketAddress> partner) {
    /** What two hosts have in common. */
    public enum Topology {
        /** Each host has its own copy. */
        COPIES,
        /** Both reach the same disk; only the owner writes. */
        SHARED
    }

    private static final long MIN_HELD = 4L << 20;
    private static final long MAX_HELD = 512L << 20;

    /** Checks every value; the message has all errors. */
    public DiskConfig {
        paths = List.copyOf(paths);
        List<String> errors = new ArrayList<>();
        if (paths.isEmpty()) {
            errors.add("paths is empty: must have at least one way to the disk");
        }
        if (paths.stream().distinct().count() != paths.size()) {
            errors.add("paths is '" + paths + "': must not have the same way twice");
        }
        if (heldBytes < MIN_HELD || heldBytes > MAX_HELD) {
            errors.add("held is '" + heldBytes + "': must be from " + MIN_HELD + " to " + MAX_HELD + " bytes");
        }
        if (serve.isPresent() != partner.isPresent()) {
            errors.add((serve.isPresent() ? "partner" : "serve")
                    + " is missing: with one of serve and partner, the other is needed as well");
        }
        if (!errors.isEmpty()) {
            throw new IllegalArgumentException(String.join("; ", errors));
        }
    }
}
