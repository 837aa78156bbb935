package io.lockstep.sim;

import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.spi.GuestVm;
import io.lockstep.mirror.spi.ReplicaDisk;
import io.lockstep.mirror.spi.StandbyVm;
import org.agrona.DirectBuffer;

/** A standby: takes a while to prepare and a while to load, and may fail at either. */
final class SimStandby implements StandbyVm {
    /** Checks what is about to run, and makes it a guest. */
    interface Owner {
        /** The standby is about to load this. */
        void activating(SimStandby standby, byte[] baseline, DirectBuffer state, int length);

        /** It runs from now on. */
        SimGuest live(SimStandby standby, long counter, long hash);

        /** The disk of the host. */
        ReplicaDisk disk();
    }

    private final World world;
    private final Owner owner;
    private final PageRegion memory;
    private final PageRegion staging;
    private Phase phase = Phase.PREPARING;
    private long nextNs;
    private long counter;
    private long hash;
    private String problem = "";
    private SimGuest guest;

    SimStandby(World world, Owner owner, int pages) {
        this.world = world;
        this.owner = owner;
        memory = PageRegion.onHeap(pages);
        staging = PageRegion.onHeap(pages);
        nextNs = world.nowNs + world.between(0, 8 * World.MS);
    }

    void fail(String why) {
        if (phase != Phase.LIVE) {
            phase = Phase.FAILED;
            problem = why;
        }
    }

    @Override
    public Phase poll() {
        if (world.nowNs >= nextNs) {
            if (phase == Phase.PREPARING) {
                phase = Phase.READY;
            } else if (phase == Phase.ACTIVATING) {
                phase = Phase.LIVE;
                guest = owner.live(this, counter, hash);
            }
        }
        return phase;
    }

    @Override
    public PageRegion memory() {
        requireReady();
        return memory;
    }

    @Override
    public PageRegion staging() {
        requireReady();
        return staging;
    }

    @Override
    public ReplicaDisk disk() {
        requireReady();
        return owner.disk();
    }

    private void requireReady() {
        if (phase == Phase.PREPARING) {
            throw new InvariantViolation("port", "memory of a standby that is still PREPARING");
        }
    }

    /** The replica, for whoever wants to look or to damage it. */
    PageRegion image() {
        return memory;
    }

    @Override
    public void activate(byte[] baseline, DirectBuffer state, int length) {
        if (phase != Phase.READY) {
            throw new InvariantViolation("port", "activate of a standby in " + phase);
        }
        owner.activating(this, baseline, state, length);
        counter = state.getLong(0);
        hash = state.getLong(8);
        phase = Phase.ACTIVATING;
        nextNs = world.nowNs + world.between(0, 6 * World.MS);
    }

    @Override
    public GuestVm asGuest() {
        return guest;
    }

    @Override
    public String problem() {
        return problem;
    }

    @Override
    public void discard(String reason) {
        phase = Phase.FAILED;
        problem = reason;
    }
}
