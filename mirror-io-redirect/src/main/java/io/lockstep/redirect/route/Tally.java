package io.lockstep.redirect.route;

import io.lockstep.redirect.block.BlockFault;

/** What happened to the requests, in numbers. */
final class Tally {
    private static final long NOT_STAMPED = Long.MIN_VALUE;

    long completed;
    long failed;
    long reissued;
    long rerouted;
    /** The same of the last move alone. */
    int againNow;

    int otherNow;
    int quarantined;
    long quarantinedEver;
    long longestGapNs;
    private long lastEndNs = NOT_STAMPED;

    /** There is a request again after a time without. */
    void busy() {
        lastEndNs = NOT_STAMPED;
    }

    void stamp(long nowNs) {
        if (lastEndNs == NOT_STAMPED) {
            lastEndNs = nowNs;
        }
    }

    void quarantine() {
        quarantined++;
        quarantinedEver++;
    }

    void ended(BlockFault fault, long nowNs, int left) {
        completed++;
        if (fault != BlockFault.NONE) {
            failed++;
        }
        if (lastEndNs != NOT_STAMPED) {
            longestGapNs = Math.max(longestGapNs, nowNs - lastEndNs);
        }
        lastEndNs = left == 0 ? NOT_STAMPED : nowNs;
    }
}
