package io.lockstep.redirect.epoch;

import io.lockstep.mirror.memory.PageSet;
import io.lockstep.mirror.spi.GuestDisk;
import io.lockstep.mirror.spi.ReplicaDisk;
import io.lockstep.redirect.block.BlockDevice;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.BlockRequest;
import java.nio.channels.Selector;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * A guest's disk on one host, for as long as the host takes part: the device that the guest's QEMU is attached to, the replica's disk
 * while the partner runs the guest, the guest's disk while this host does. A takeover changes what it does, not the export.
 *
 * <pre>
 *   OPENING -> FOLLOWING -own-> CLAIMING -> HELD -through-> THROUGH        each -> FAILED
 *                  ^                          ^----hold--------'|
 *                  '---------- follow ------------------------- '
 * </pre>
 *
 * <p>Takes whole blocks of 4 KiB; the NBD server cuts what clients ask for to that. While FOLLOWING reads see the last committed epoch and
 * changes are refused with PERMISSION.
 *
 * <p>Threading: one thread for everything, the core's calls, requests and completions. No method blocks. Memory is taken at the start.
 */
public final class EpochDisk implements BlockDevice, GuestDisk, ReplicaDisk {
    private final EpochDiskConfig config;
    private final BlockGeometry geometry;
    private final DiskCore core;

    private EpochDisk(EpochDiskConfig config, EpochDiskParts parts, CopyLog log) {
        this.config = config;
        this.core = new DiskCore(config, parts, log);
        BlockGeometry home = parts.home().geometry();
        int transfer = Math.min(config.maxTransfer(), Integer.highestOneBit(home.maxTransfer()));
        this.geometry = new BlockGeometry(home.sizeBytes(), Overlay.BLOCK, Overlay.BLOCK, transfer, false, true, true);
    }

    /**
     * Makes the disk. It follows, after a journal that was left behind has been applied.
     *
     * @throws IllegalArgumentException if the parts do not fit together: the message names which and why
     */
    public static EpochDisk open(EpochDiskConfig config, EpochDiskParts parts) {
        CopyLog log =
                parts.regions().isPresent() ? new RegionCopyLog(parts.regions().get()) : new SharedCopyLog();
        parts.check(config, parts.regions().isPresent());
        return new EpochDisk(config, parts, log);
    }

    /** The same with another log. */
    static EpochDisk open(EpochDiskConfig config, EpochDiskParts parts, CopyLog log) {
        parts.check(config, !(log instanceof SharedCopyLog));
        return new EpochDisk(config, parts, log);
    }

    /** Bytes the journal's device must have. */
    public static long journalBytes(EpochDiskConfig config) {
        return JournalLayout.bytesFor(config.overlayBlocks());
    }

    /** What the disk does. */
    public DiskState state() {
        return core.state();
    }

    /** True if the local copy has failed and was left behind: reads come from the partner. */
    public boolean isAway() {
        return core.home.isLeft();
    }

    /** Blocks in memory that the local copy does not have yet. */
    public int heldBlocks() {
        return core.overlay.used();
    }

    /** Blocks that were written again from the journal at the start. */
    public int replayedBlocks() {
        return core.replayedBlocks();
    }

    /** True if everything that was committed or let through is in the local copy and durable. */
    public boolean isSettled() {
        return core.isSettled();
    }

    /** The guest is gone from this host, or was never there: what is not committed is forgotten; this host follows again. */
    public void follow() {
        core.follow();
    }

    @Override
    public BlockGeometry geometry() {
        return geometry;
    }

    @Override
    public void submit(BlockRequest request) {
        long length = request.length();
        if (request.verb() == io.lockstep.redirect.block.BlockVerb.FLUSH) {
            core.changes.submitFlush(request);
        } else if (!geometry.contains(request.offset(), length) || !geometry.isAligned(request.offset(), length)) {
            request.complete(BlockFault.INVALID);
        } else if (length == 0) {
            request.complete(BlockFault.NONE);
        } else if (request.verb().changesContent()) {
            core.changes.submit(request);
        } else {
            core.reads.submit(request);
        }
    }

    @Override
    public int doWork(long nowNs) {
        return core.doWork(nowNs);
    }

    @Override
    public void register(Selector selector) {
        core.devices.register(selector);
    }

    @Override
    public long maxIdleNs() {
        return core.maxIdleNs();
    }

    @Override
    public void close() {
        core.close();
    }

    @Override
    public long blockCount() {
        return core.blocks;
    }

    @Override
    public void harvest(PageSet into, long firstPage) {
        core.harvest(into, firstPage);
    }

    @Override
    public void owe(PageSet into, long firstPage, long partnerToken) {
        core.checkpoint.owe(into, firstPage, partnerToken);
    }

    @Override
    public long token() {
        return core.token();
    }

    @Override
    public boolean read(long block, MutableDirectBuffer target, int offset) {
        return core.read(block, target, offset);
    }

    @Override
    public void pauseRequested() {
        core.pauseRequested();
    }

    @Override
    public void sealed(long epoch) {
        core.sealed(epoch);
    }

    @Override
    public void committed(long epoch) {
        core.committed(epoch);
    }

    @Override
    public void hold() {
        core.hold();
    }

    @Override
    public void through() {
        core.through();
    }

    @Override
    public boolean wantsCheckpoint() {
        return core.overlay.openCount() >= config.highWaterBlocks() || core.isStarved();
    }

    @Override
    public long durableEpoch() {
        return core.durableEpoch();
    }

    @Override
    public void partnerDurable(long epoch) {
        core.partnerDurable(epoch);
    }

    @Override
    public String problem() {
        return core.problem();
    }

    @Override
    public boolean hasRoom() {
        return core.overlay.used() <= config.overlayBlocks() / 2;
    }

    @Override
    public void stage(long block, DirectBuffer source, int offset) {
        core.stage(block, source, offset);
    }

    @Override
    public void commit(long epoch) {
        core.commit(epoch);
    }

    @Override
    public void dropUnfinished() {
        core.dropUnfinished();
    }

    @Override
    public void synchronising(long primaryToken) {
        core.synchronising(primaryToken);
    }

    @Override
    public void own(long term) {
        core.own(term);
    }

    @Override
    public Ownership ownership() {
        return switch (core.state()) {
            case OPENING, FOLLOWING -> Ownership.FOLLOWING;
            case CLAIMING -> Ownership.CLAIMING;
            case HELD, THROUGH -> Ownership.OWNED;
            case FAILED -> Ownership.FAILED;
        };
    }

    @Override
    public GuestDisk asGuestDisk() {
        if (!core.state().isOwned()) {
            throw new IllegalStateException("the disk is " + core.state() + ": must be owned to run a guest");
        }
        return this;
    }
}
