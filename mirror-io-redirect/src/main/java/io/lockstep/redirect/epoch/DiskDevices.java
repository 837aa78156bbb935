package io.lockstep.redirect.epoch;

import io.lockstep.redirect.block.BlockDevice;
import java.nio.channels.Selector;

/** The devices under an {@link EpochDisk}, as far as they are driven all alike. */
final class DiskDevices {
    private final BlockDevice[] all;

    DiskDevices(EpochDiskParts parts) {
        BlockDevice away = parts.away().orElse(null);
        BlockDevice journal = parts.journal().orElse(null);
        int count = 1 + (away == null ? 0 : 1) + (journal == null ? 0 : 1);
        all = new BlockDevice[count];
        all[--count] = parts.home();
        if (away != null) {
            all[--count] = away;
        }
        if (journal != null) {
            all[--count] = journal;
        }
    }

    int doWork(long nowNs) {
        int work = 0;
        for (BlockDevice device : all) {
            work += device.doWork(nowNs);
        }
        return work;
    }

    void register(Selector selector) {
        for (BlockDevice device : all) {
            device.register(selector);
        }
    }

    long maxIdleNs() {
        long idle = Long.MAX_VALUE;
        for (BlockDevice device : all) {
            idle = Math.min(idle, device.maxIdleNs());
        }
        return idle;
    }

    void close() {
        for (BlockDevice device : all) {
            device.close();
        }
    }
}
