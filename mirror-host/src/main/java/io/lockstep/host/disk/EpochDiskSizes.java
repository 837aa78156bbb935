package io.lockstep.host.disk;

import io.lockstep.host.config.DiskConfig;
import io.lockstep.redirect.epoch.EpochDiskConfig;

/** How the memory for held writes is divided. */
final class EpochDiskSizes {
    static final int BLOCK = 4096;
    private static final int TRANSFER = 256 << 10;
    /** A queue of 32 requests of 1.25 MiB, Linux' largest. */
    private static final int FULL_QUEUE = 10_240;

    private EpochDiskSizes() {}

    /** {@code held} bytes for the guest here, as many for the partner's guest; checkpoints from a quarter of it on. */
    static EpochDiskConfig of(DiskConfig config) {
        int held = (int) (config.heldBytes() / BLOCK);
        EpochDiskConfig.Topology topology =
                EpochDiskConfig.Topology.valueOf(config.topology().name());
        return new EpochDiskConfig(topology, 2 * held, held / 4, Math.min(FULL_QUEUE, held / 2), TRANSFER);
    }
}
