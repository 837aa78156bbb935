package io.lockstep.mirror.apply;

import io.lockstep.mirror.counters.Counter;
import io.lockstep.mirror.counters.Counters;
import io.lockstep.mirror.encode.PageExpander;
import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.record.Blob;
import io.lockstep.mirror.record.BulkReader;
import io.lockstep.mirror.record.Encoding;
import io.lockstep.mirror.record.RecordFault;
import io.lockstep.mirror.spi.ReplicaDisk;
import io.lockstep.mirror.verify.EpochDigest;
import java.nio.ByteBuffer;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Keeps the replica at the last committed epoch. During a synchronisation pages go straight into the image, which is of no use until the
 * first epoch is committed; afterwards an epoch's pages are staged and applied all or nothing. Pages beyond the image's are blocks of the
 * disk, which does its own staging.
 *
 * <p>Threading: one thread. No allocation per page or epoch.
 */
public final class ReplicaApplier implements BulkReader.Visitor {
    /** Is told of a committed epoch before its pages are in the image; the acknowledgement may leave at once. */
    @FunctionalInterface
    public interface CommitListener {
        /** The epoch is complete and checked. */
        void onCommit(long epoch, long chain);
    }

    private final PageRegion image;
    private final PageRegion staging;
    private final ReplicaDisk disk;
    private final UnsafeBuffer block = new UnsafeBuffer(ByteBuffer.allocateDirect(PageRegion.PAGE_SIZE));
    private final Counters counters;
    private final CommitListener listener;
    private final BulkReader reader = new BulkReader();
    private final PageExpander expander = new PageExpander();
    private final EpochDigest digest = new EpochDigest();
    /** Staging slot of each page plus one, 0 if the page is not staged. */
    private final int[] slotOf;

    private final int[] stagedPages;
    private int staged;
    private BlobBuffer state = new BlobBuffer();
    private BlobBuffer committedState = new BlobBuffer();
    private final BlobBuffer baseline = new BlobBuffer();
    private byte[] committedBaseline = {};
    private long generation;
    private long position = -1;
    private boolean syncing;
    private boolean ready;
    private long pages;
    private long blocks;
    private long imageId;
    private long epoch;
    private long chain;
    private boolean intact;
    private long committedInSession;
    private final long[] chains = new long[32];

    /**
     * An applier.
     *
     * @param image the memory the standby will run on
     * @param staging as many pages as {@code image}
     * @param disk takes the blocks
     */
    public ReplicaApplier(
            PageRegion image, PageRegion staging, ReplicaDisk disk, Counters counters, CommitListener listener) {
        if (staging.pageCount() < image.pageCount()) {
            throw new IllegalArgumentException(
                    "staging of " + staging.pageCount() + " pages for an image of " + image.pageCount());
        }
        this.image = image;
        this.staging = staging;
        this.disk = disk;
        this.counters = counters;
        this.listener = listener;
        this.slotOf = new int[Math.toIntExact(image.pageCount())];
        this.stagedPages = new int[slotOf.length];
    }

    /** Expects the records of this session from its SYNC_START on; what an earlier session left unfinished is dropped. */
    public void startSession(long sessionGeneration) {
        dropUnfinished();
        generation = sessionGeneration;
        position = -1;
        syncing = false;
        ready = false;
        committedInSession = 0;
    }

    /**
     * Takes one bulk frame.
     *
     * @throws RecordFault if it is not legal here
     * @throws DivergenceException if the replica differs from the primary
     */
    public void onBulk(DirectBuffer buffer, int offset, int length) {
        reader.read(buffer, offset, length, this);
    }

    @Override
    public boolean onFrame(long frameGeneration, long firstPosition, long recordCount) {
        if (frameGeneration < generation) {
            return false; // late, of a session that is over
        }
        if (frameGeneration != generation) {
            throw new RecordFault("bulk frame of session " + frameGeneration + " in session " + generation);
        }
        if (recordCount <= 0 || (position >= 0 && firstPosition != position + 1)) {
            throw new RecordFault(
                    recordCount + " records from position " + firstPosition + ", expected some from " + (position + 1));
        }
        position = firstPosition + recordCount - 1;
        return true;
    }

    @Override
    public void onSyncStart(long id, long pageCount, long fromEpoch, long fromChain, long blockCount, long diskToken) {
        if (pageCount != image.pageCount()) {
            throw new RecordFault("synchronisation of " + pageCount + " pages into a replica of " + image.pageCount());
        }
        if (blockCount != disk.blockCount()) {
            throw new RecordFault(
                    "synchronisation of " + blockCount + " disk blocks into a copy of " + disk.blockCount());
        }
        if (diskToken == 0) {
            throw new RecordFault("synchronisation of a disk with token 0, which no disk has");
        }
        if (syncing || ready) {
            throw new RecordFault("second start of a synchronisation in session " + generation);
        }
        if (id != imageId) {
            intact = false;
        } else if (!intact || fromChain != chain) {
            throw new RecordFault("synchronisation of image " + Long.toHexString(id) + " from chain "
                    + Long.toHexString(fromChain) + ", but the replica is at " + Long.toHexString(chain));
        }
        imageId = id;
        syncing = true;
        pages = 0;
        blocks = 0;
        disk.synchronising(diskToken);
        epoch = fromEpoch;
        chain = fromChain;
        digest.restart(fromChain);
        baseline.clear();
    }

    @Override
    public void onPage(long page, Encoding encoding, long expected, DirectBuffer buffer, int offset, int length) {
        requireStarted("page");
        if (page >= image.pageCount()) {
            onBlock(page, encoding, expected, buffer, offset, length);
            return;
        }
        PageRegion target = syncing ? image : staging;
        long at = syncing ? page : stage((int) page, encoding);
        if (syncing && encoding == Encoding.DELTA) {
            throw new RecordFault("page " + page + " is encoded DELTA during a synchronisation");
        }
        expander.expand(encoding, buffer, offset, length, target.chunk(at), target.offset(at));
        long actual = EpochDigest.ofPage(page, target.chunk(at), target.offset(at));
        if (actual != expected) {
            intact = false;
            throw new DivergenceException("page content (" + encoding + ")", epoch + 1, page, expected, actual);
        }
        digest.page(page, actual);
        pages++;
    }

    private void onBlock(long page, Encoding encoding, long expected, DirectBuffer buffer, int offset, int length) {
        long number = page - image.pageCount();
        if (number >= disk.blockCount()) {
            throw new RecordFault("page " + page + " of a replica of " + image.pageCount() + " pages and "
                    + disk.blockCount() + " disk blocks");
        }
        if (encoding == Encoding.DELTA) {
            throw new RecordFault("disk block " + number + " is encoded DELTA, which only memory is");
        }
        expander.expand(encoding, buffer, offset, length, block, 0);
        long actual = EpochDigest.ofPage(page, block, 0);
        if (actual != expected) {
            throw new DivergenceException("disk block content (" + encoding + ")", epoch + 1, page, expected, actual);
        }
        try {
            disk.stage(number, block, 0);
        } catch (IllegalStateException e) {
            throw new RecordFault("disk block " + number + " cannot be taken: " + e.getMessage());
        }
        digest.page(page, actual);
        pages++;
        blocks++;
    }

    /** Finds or makes room for the page in the staging area, holding the version that a DELTA refers to. */
    private int stage(int page, Encoding encoding) {
        int slot = slotOf[page] - 1;
        if (slot < 0) {
            slot = staged++;
            slotOf[page] = slot + 1;
            stagedPages[slot] = page;
            if (encoding == Encoding.DELTA) {
                staging.copyFrom(image, page, slot);
            }
        }
        return slot;
    }

    @Override
    public void onChunk(Blob blob, long blobOffset, long total, DirectBuffer buffer, int offset, int length) {
        requireStarted("chunk");
        digest.chunk(blob, blobOffset, EpochDigest.ofBytes(buffer, offset, length));
        if (blob == Blob.BASELINE) {
            baseline.append(blobOffset, total, buffer, offset, length);
        } else {
            state.append(blobOffset, total, buffer, offset, length);
        }
    }

    @Override
    public void onEpochEnd(
            long endedEpoch, long expectedPages, long stateLength, long expectedDigest, long expectedChain) {
        requireStarted("end of an epoch");
        if (endedEpoch != epoch + 1) {
            throw new RecordFault("end of epoch " + endedEpoch + " after epoch " + epoch);
        }
        if (expectedPages != pages || stateLength != state.length() || !state.isComplete() || !baseline.isComplete()) {
            throw new RecordFault("epoch " + endedEpoch + " ends with " + expectedPages + " pages and " + stateLength
                    + " bytes of state, but " + pages + " and " + state.length() + " arrived");
        }
        long actualDigest = digest.digest();
        long actualChain = digest.endEpoch(endedEpoch);
        if (actualDigest != expectedDigest || actualChain != expectedChain) {
            intact = false;
            throw new DivergenceException("epoch digest", endedEpoch, -1, expectedChain, actualChain);
        }
        epoch = endedEpoch;
        chain = actualChain;
        committedInSession = endedEpoch;
        chains[(int) (epoch % chains.length)] = chain;
        listener.onCommit(epoch, chain);
        disk.commit(epoch);
        commit();
    }

    private void commit() {
        for (int slot = 0; slot < staged; slot++) {
            int page = stagedPages[slot];
            image.copyFrom(staging, slot, page);
            slotOf[page] = 0;
        }
        staged = 0;
        BlobBuffer free = committedState;
        committedState = state;
        state = free;
        state.clear();
        if (syncing) {
            committedBaseline = new byte[baseline.length()];
            baseline.buffer().getBytes(0, committedBaseline);
        }
        syncing = false;
        ready = true;
        intact = true;
        counters.add(Counter.EPOCHS_COMMITTED, 1);
        counters.add(Counter.PAGES, pages);
        counters.add(Counter.BLOCKS, blocks);
        counters.set(Counter.LAST_DIRTY_PAGES, pages);
        pages = 0;
        blocks = 0;
    }

    private void requireStarted(String what) {
        if (!syncing && !ready) {
            throw new RecordFault(what + " before the start of a synchronisation");
        }
    }

    /** Throws the unfinished epoch away; returns how many records it had. The image stays at the last committed epoch. */
    public long dropUnfinished() {
        long dropped = syncing ? 0 : pages;
        for (int slot = 0; slot < staged; slot++) {
            slotOf[stagedPages[slot]] = 0;
        }
        staged = 0;
        pages = 0;
        blocks = 0;
        disk.dropUnfinished();
        state.clear();
        digest.restart(chain);
        return dropped;
    }

    /** Disk blocks of the unfinished epoch. */
    public long unfinishedBlocks() {
        return syncing ? 0 : blocks;
    }

    /** Up to this epoch of this session the disk's writes would survive a power cut, 0 for none. */
    public long durableInSession() {
        return Math.min(committedInSession, disk.durableEpoch());
    }

    /** Highest position received, -1 before the first. */
    public long position() {
        return position;
    }

    /** The last committed epoch of this session, 0 if none. */
    public long committedInSession() {
        return committedInSession;
    }

    /** True if the image is at a committed epoch of this session, and a guest could run on it. */
    public boolean isReady() {
        return ready;
    }

    /** The image that a synchronisation could go on from, 0 if it must be a full one. */
    public long resumeImageId() {
        return intact ? imageId : 0;
    }

    /** The last committed epoch. */
    public long epoch() {
        return epoch;
    }

    /** Digest chain at the last committed epoch. */
    public long chain() {
        return chain;
    }

    /** Digest chain at one of the last 32 committed epochs. */
    public long chainAt(long committedEpoch) {
        return chains[(int) (committedEpoch % chains.length)];
    }

    /** Device state at the last committed epoch; {@link #stateLength()} bytes from 0. */
    public DirectBuffer state() {
        return committedState.buffer();
    }

    /** Bytes of device state at the last committed epoch. */
    public int stateLength() {
        return committedState.length();
    }

    /** The baseline of the image. */
    public byte[] baseline() {
        return committedBaseline;
    }
}
