package io.lockstep.sim;

import io.lockstep.mirror.MirrorPolicy;
import io.lockstep.mirror.spi.Arbiter;
import io.lockstep.mirror.spi.DirtyTracker;
import io.lockstep.mirror.spi.FramePort;
import io.lockstep.mirror.spi.GuestDisk;
import io.lockstep.mirror.spi.Interconnect;
import io.lockstep.mirror.spi.ReplicaDisk;
import io.lockstep.mirror.spi.StandbyVm;

/** How the ports are plugged together. A test overrides one to compose the system wrongly and to see a checker notice. */
interface Wiring {
    /** Everything as it should be. */
    Wiring RIGHT = new Wiring() {};

    default DirtyTracker tracker(DirtyTracker tracker) {
        return tracker;
    }

    default GuestDisk guestDisk(SimDisk disk) {
        return disk;
    }

    default ReplicaDisk replicaDisk(SimReplicaDisk disk) {
        return disk;
    }

    default FramePort nic(FramePort nic, FramePort uplink) {
        return nic;
    }

    default Arbiter arbiter(int node, Arbiter arbiter) {
        return arbiter;
    }

    default StandbyVm standby(StandbyVm standby) {
        return standby;
    }

    default Interconnect link(Interconnect link) {
        return link;
    }

    default MirrorPolicy primaryPolicy(MirrorPolicy policy) {
        return policy;
    }
}
