package io.lockstep.mirror;

import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.memory.PageSet;
import io.lockstep.mirror.spi.GuestDisk;
import io.lockstep.mirror.spi.ReplicaDisk;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/** A disk in memory that counts what it is told; either side of a mirror. Durable is what the test says. */
final class MemoryDisk implements GuestDisk, ReplicaDisk {
    final PageRegion content;
    private final PageSet dirty;
    private final PageSet fetched;
    private final long token;
    boolean holding = true;
    boolean full;
    boolean room = true;
    boolean slowReads;
    int pauses;
    int drops;
    long sealed;
    long committed;
    long partnerDurable;
    long durable;
    long owedTo = -1;
    long synchronisedTo;
    long ownedBy;
    String problem = "";
    Ownership ownership = Ownership.FOLLOWING;

    MemoryDisk(int blocks, long token) {
        this.content = PageRegion.onHeap(blocks);
        this.dirty = new PageSet(blocks);
        this.fetched = new PageSet(blocks);
        this.token = token;
    }

    void write(long block, long value) {
        content.chunk(block).putLong(content.offset(block), value);
        dirty.add(block);
    }

    long value(long block) {
        return content.chunk(block).getLong(content.offset(block));
    }

    @Override
    public long blockCount() {
        return content.pageCount();
    }

    @Override
    public void harvest(PageSet into, long firstPage) {
        for (long block = dirty.next(0); block >= 0; block = dirty.next(block + 1)) {
            into.add(firstPage + block);
        }
        dirty.clear();
    }

    @Override
    public void owe(PageSet into, long firstPage, long partnerToken) {
        owedTo = partnerToken;
        if (partnerToken != token) {
            into.addRange(firstPage, firstPage + blockCount());
        }
    }

    @Override
    public long token() {
        return token;
    }

    @Override
    public boolean read(long block, MutableDirectBuffer target, int offset) {
        if (slowReads && fetched.add(block)) {
            return false;
        }
        content.read(block, target, offset);
        return true;
    }

    @Override
    public void pauseRequested() {
        pauses++;
    }

    @Override
    public void sealed(long epoch) {
        sealed = epoch;
    }

    @Override
    public void committed(long epoch) {
        committed = epoch;
    }

    @Override
    public void hold() {
        holding = true;
    }

    @Override
    public void through() {
        holding = false;
    }

    @Override
    public boolean wantsCheckpoint() {
        return full;
    }

    @Override
    public boolean hasRoom() {
        return room;
    }

    @Override
    public void stage(long block, DirectBuffer source, int offset) {
        content.write(block, source, offset);
    }

    @Override
    public void commit(long epoch) {
        committed = epoch;
    }

    @Override
    public void dropUnfinished() {
        drops++;
    }

    @Override
    public void synchronising(long primaryToken) {
        synchronisedTo = primaryToken;
        durable = 0;
    }

    @Override
    public long durableEpoch() {
        return durable;
    }

    @Override
    public void partnerDurable(long epoch) {
        partnerDurable = epoch;
    }

    @Override
    public void own(long term) {
        ownedBy = term;
        ownership = Ownership.CLAIMING;
    }

    @Override
    public Ownership ownership() {
        return ownership;
    }

    @Override
    public GuestDisk asGuestDisk() {
        return this;
    }

    @Override
    public String problem() {
        return problem;
    }
}
