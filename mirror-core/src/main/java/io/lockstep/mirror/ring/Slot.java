package io.lockstep.mirror.ring;

import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.record.Blob;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * One record in the send window: fields and 4 KiB of preallocated off-heap room. Owned by the producer between claim and publish, by
 * the consumer afterwards.
 */
public final class Slot {
    /** What the slot holds. */
    public enum Kind {
        /** The start of a synchronisation. */
        SYNC_START,
        /** A page copied while the guest ran; encoded without reference to an earlier version. */
        SYNC_PAGE,
        /** A page of the epoch. */
        PAGE,
        /** A part of a blob. */
        CHUNK,
        /** The end of an epoch. */
        EPOCH_END
    }

    /** Room for a page or a part of a blob. */
    public static final int CAPACITY = PageRegion.PAGE_SIZE;

    private final UnsafeBuffer data = new UnsafeBuffer(0, 0);
    private Kind kind = Kind.PAGE;
    private Blob blob = Blob.DEVICE_STATE;
    private long generation;
    private long number;
    private long epoch;
    private long count;
    private long chain;
    private long blocks;
    private long token;
    private int length;
    private int total;

    void attach(UnsafeBuffer slab, int offset) {
        data.wrap(slab, offset, CAPACITY);
    }

    /** Starts a synchronisation of image {@code imageId}, and of a disk that is named by {@code token}. */
    public void syncStart(
            long generation, long imageId, long pageCount, long fromEpoch, long chain, long blockCount, long token) {
        kind = Kind.SYNC_START;
        this.generation = generation;
        this.number = imageId;
        this.count = pageCount;
        this.epoch = fromEpoch;
        this.chain = chain;
        this.blocks = blockCount;
        this.token = token;
        length = 0;
    }

    /** A page whose content is in {@link #data()}. */
    public void page(Kind pageKind, long page) {
        kind = pageKind;
        number = page;
        length = PageRegion.PAGE_SIZE;
    }

    /** A part of a blob whose content is in {@link #data()}. */
    public void chunk(Blob blob, int blobOffset, int total, int length) {
        kind = Kind.CHUNK;
        this.blob = blob;
        this.number = blobOffset;
        this.total = total;
        this.length = length;
    }

    /** Ends an epoch of {@code pages} page records. */
    public void epochEnd(long epoch, long pages, int stateLength) {
        kind = Kind.EPOCH_END;
        this.epoch = epoch;
        this.count = pages;
        this.total = stateLength;
        length = 0;
    }

    /** What the slot holds. */
    public Kind kind() {
        return kind;
    }

    /** Content: {@link #length()} bytes from 0. */
    public UnsafeBuffer data() {
        return data;
    }

    /** Bytes of content. */
    public int length() {
        return length;
    }

    /** SYNC_START: the session this and all later records belong to. */
    public long generation() {
        return generation;
    }

    /** Page number, or image id of SYNC_START, or offset of CHUNK in its blob. */
    public long number() {
        return number;
    }

    /** EPOCH_END: the epoch; SYNC_START: the epoch the replica is at. */
    public long epoch() {
        return epoch;
    }

    /** EPOCH_END: page records in the epoch; SYNC_START: pages of the image. */
    public long count() {
        return count;
    }

    /** SYNC_START: the digest chain to go on from. */
    public long chain() {
        return chain;
    }

    /** SYNC_START: blocks of the disk. */
    public long blocks() {
        return blocks;
    }

    /** SYNC_START: names what the disk holds. */
    public long token() {
        return token;
    }

    /** CHUNK: which blob. */
    public Blob blob() {
        return blob;
    }

    /** CHUNK: length of the whole blob; EPOCH_END: length of the device state. */
    public int total() {
        return total;
    }
}
