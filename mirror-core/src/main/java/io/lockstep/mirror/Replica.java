package io.lockstep.mirror;

import io.lockstep.mirror.SecondaryMirror.StandbyFactory;
import io.lockstep.mirror.apply.ReplicaApplier;
import io.lockstep.mirror.counters.Counters;
import io.lockstep.mirror.record.RecordFault;
import io.lockstep.mirror.spi.NoDisk;
import io.lockstep.mirror.spi.ReplicaDisk;
import io.lockstep.mirror.spi.StandbyVm;
import java.util.Arrays;

/**
 * What a secondary keeps for one guest: the standby, its memory and its disk, from the request on to the takeover or the end.
 *
 * <p>Threading: one thread.
 */
final class Replica {
    private final String vm;
    private final StandbyFactory factory;
    private final Counters counters;
    private StandbyVm standby;
    private ReplicaDisk disk = NoDisk.NONE;
    private ReplicaApplier applier;
    private long pages;
    private long blocks;
    private byte[] guest = {};

    Replica(String vm, StandbyFactory factory, Counters counters) {
        this.vm = vm;
        this.factory = factory;
        this.counters = counters;
    }

    /** True from {@link #prepare} to {@link #discard}. */
    boolean exists() {
        return standby != null;
    }

    /** True if what exists was prepared for exactly this. */
    boolean isFor(long pageCount, long blockCount, byte[] spec) {
        return pages == pageCount && blocks == blockCount && Arrays.equals(guest, spec);
    }

    /**
     * Starts to prepare.
     *
     * @throws IllegalArgumentException with every reason, if this host will not take the guest
     */
    void prepare(long pageCount, long blockCount, byte[] spec) {
        standby = factory.prepare(vm, pageCount, spec);
        pages = pageCount;
        blocks = blockCount;
        guest = spec;
    }

    StandbyVm.Phase poll() {
        return standby.poll();
    }

    /** Why this host cannot protect the guest although the standby is ready; empty if it can. */
    String unfit() {
        disk = standby.disk();
        if (disk.blockCount() != blocks) {
            return "the guest's disk has " + blocks + " blocks of 4 KiB, the copy of this host " + disk.blockCount();
        }
        return disk.problem();
    }

    /** Makes the ready standby able to take records. */
    void receive(ReplicaApplier.CommitListener listener) {
        applier = new ReplicaApplier(standby.memory(), standby.staging(), disk, counters, listener);
    }

    /** Why what was fit is not any more; empty if it still is. */
    String problem() {
        return disk.problem();
    }

    /** The primary's copy would keep this epoch and all before it in a power cut; it counts from the session's first commit on. */
    void partnerDurable(long epoch) {
        if (epoch < 0) {
            throw new RecordFault("heartbeat with durable epoch " + epoch + ", the least is 0");
        }
        if (applier.isReady()) {
            disk.partnerDurable(Math.min(epoch, applier.committedInSession()));
        }
    }

    void discard(String why) {
        disk.dropUnfinished();
        disk = NoDisk.NONE;
        if (standby != null) {
            standby.discard(why);
        }
        standby = null;
        applier = null;
    }

    /** True if there is nothing a synchronisation could go on from. */
    boolean isEmpty() {
        return applier == null || applier.resumeImageId() == 0;
    }

    /** Null while nothing exists. */
    StandbyVm standby() {
        return standby;
    }

    ReplicaDisk disk() {
        return disk;
    }

    /** Null before {@link #receive}. */
    ReplicaApplier applier() {
        return applier;
    }

    long epoch() {
        return applier == null ? 0 : applier.epoch();
    }
}
