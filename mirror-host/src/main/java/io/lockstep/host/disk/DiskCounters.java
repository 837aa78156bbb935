package io.lockstep.host.disk;

import io.lockstep.redirect.epoch.EpochDisk;
import io.lockstep.redirect.route.RedirectStatus;
import java.util.LinkedHashMap;
import java.util.Map;

/** What happened to a disk, by name, for its status. */
final class DiskCounters {
    private static final long NS_PER_US = 1_000;

    private DiskCounters() {}

    /** {@code disk} and {@code partner} may be null. */
    static Map<String, Long> of(RedirectStatus.Counts paths, EpochDisk disk, PartnerCopy partner) {
        Map<String, Long> counters = new LinkedHashMap<>();
        counters.put("requests", paths.completed());
        counters.put("failed", paths.failed());
        counters.put("stalls", paths.stalls());
        counters.put("switches", paths.switches());
        counters.put("rerouted", paths.rerouted());
        counters.put("reissued", paths.reissued());
        counters.put("fenced", paths.fenced());
        counters.put("longestGapUs", paths.longestGapNs() / NS_PER_US);
        counters.put("readsAway", partner == null ? 0 : partner.reads());
        counters.put("heldBlocks", disk == null ? 0L : disk.heldBlocks());
        counters.put("durableEpoch", disk == null ? 0L : disk.durableEpoch());
        counters.put("replayedBlocks", disk == null ? 0L : disk.replayedBlocks());
        return counters;
    }
}
