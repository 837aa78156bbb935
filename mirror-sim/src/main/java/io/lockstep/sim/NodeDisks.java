package io.lockstep.sim;

import io.lockstep.mirror.PrimaryMirror;
import io.lockstep.mirror.failover.MirrorState;

/** The disk of a host, as whichever side it plays; the other one is null. */
final class NodeDisks {
    SimDisk disk;
    SimReplicaDisk copy;

    /** It is slow for a while. */
    void slowUntil(long untilNs) {
        if (disk != null) {
            disk.slowUntil(untilNs);
        }
        if (copy != null) {
            copy.slowUntil(untilNs);
        }
    }

    /** A secondary's copy works again. */
    void mend() {
        if (copy != null) {
            copy.fail("");
        }
    }

    void fail(String why) {
        if (disk != null) {
            disk.fail(why);
        }
        if (copy != null) {
            copy.fail(why);
        }
    }

    void step(PrimaryMirror primary) {
        if (copy != null) {
            copy.step();
        } else if (disk != null && primary.state() == MirrorState.POWERED_OFF) {
            disk.close();
            disk = null;
        } else if (disk != null && !primary.state().isFinal()) {
            disk.step();
        }
    }
}
