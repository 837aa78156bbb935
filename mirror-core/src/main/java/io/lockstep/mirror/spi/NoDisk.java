package io.lockstep.mirror.spi;

import io.lockstep.mirror.memory.PageSet;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/** The disk of a guest that has none, on either side. */
public final class NoDisk implements GuestDisk, ReplicaDisk {
    /** It has no state. */
    public static final NoDisk NONE = new NoDisk();

    private NoDisk() {}

    @Override
    public long blockCount() {
        return 0;
    }

    @Override
    public void harvest(PageSet into, long firstPage) {}

    @Override
    public void owe(PageSet into, long firstPage, long partnerToken) {}

    @Override
    public long token() {
        return 1;
    }

    @Override
    public boolean read(long block, MutableDirectBuffer target, int offset) {
        throw new IllegalArgumentException("block " + block + " of a guest that has no disk");
    }

    @Override
    public void pauseRequested() {}

    @Override
    public void sealed(long epoch) {}

    @Override
    public void committed(long epoch) {}

    @Override
    public void hold() {}

    @Override
    public void through() {}

    @Override
    public boolean wantsCheckpoint() {
        return false;
    }

    @Override
    public long durableEpoch() {
        return Long.MAX_VALUE;
    }

    @Override
    public void partnerDurable(long epoch) {}

    @Override
    public boolean hasRoom() {
        return true;
    }

    @Override
    public void stage(long block, DirectBuffer source, int offset) {
        throw new IllegalStateException("block " + block + " of a guest that has no disk");
    }

    @Override
    public void commit(long epoch) {}

    @Override
    public void dropUnfinished() {}

    @Override
    public void synchronising(long primaryToken) {}

    @Override
    public void own(long term) {}

    @Override
    public Ownership ownership() {
        return Ownership.OWNED;
    }

    @Override
    public GuestDisk asGuestDisk() {
        return this;
    }

    @Override
    public String problem() {
        return "";
    }
}
