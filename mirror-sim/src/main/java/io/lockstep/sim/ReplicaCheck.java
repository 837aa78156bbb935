package io.lockstep.sim;

import java.util.Arrays;
import org.agrona.DirectBuffer;

/** A replica against what the primary was at that epoch, but for what was damaged on purpose. */
final class ReplicaCheck {
    private ReplicaCheck() {}

    static void sameMemory(Cluster cluster, Snapshot snapshot, SimStandby replica, long epoch) {
        long page = snapshot.differsAt(replica.image());
        if (page >= 0 && !cluster.isDamaged(page)) {
            throw new InvariantViolation(
                    "I5", "page " + page + " of the replica is not the primary's at epoch " + epoch);
        }
    }

    static void sameDisk(Cluster cluster, Snapshot snapshot, long[] content, long epoch) {
        int block = Arrays.mismatch(snapshot.disk(), content);
        long pages = cluster.outside().current().memory().pageCount();
        if (block >= 0 && !cluster.isDamaged(pages + block)) {
            throw new InvariantViolation("I3", "block " + block + " is not that of epoch " + epoch);
        }
    }

    static void sameState(Snapshot snapshot, DirectBuffer state, int length, long epoch) {
        if (!snapshot.sameState(state, length)) {
            throw new InvariantViolation("I5", "the device state is not that of epoch " + epoch);
        }
    }

    static void sameBaseline(SimGuest origin, byte[] baseline) {
        if (!Arrays.equals(baseline, origin.baseline())) {
            throw new InvariantViolation("I5", "the baseline is damaged");
        }
    }

    /** The secondary writes to the disk of both hosts. */
    static void mayWriteLun(Cluster cluster, int node, long term) {
        if (term == 0 || !cluster.arbiter().isHeldBy(node, term)) {
            throw new InvariantViolation("I2", "node " + node + " writes to the disk of both without the term");
        }
    }
}
