package io.lockstep.mirror.record;

import io.lockstep.mirror.record.codec.BlobKind;
import io.lockstep.mirror.record.codec.BulkHeaderEncoder;
import io.lockstep.mirror.record.codec.ChunkEncoder;
import io.lockstep.mirror.record.codec.EpochEndEncoder;
import io.lockstep.mirror.record.codec.MessageHeaderEncoder;
import io.lockstep.mirror.record.codec.PageEncoder;
import io.lockstep.mirror.record.codec.PageEncoding;
import io.lockstep.mirror.record.codec.SyncStartEncoder;
import java.nio.ByteOrder;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * Fills one bulk frame with records, in place.
 *
 * <pre>
 *   +------------+----------+----------+-----+
 *   | BulkHeader | record 0 | record 1 | ... |     record i has stream position firstPosition + i
 *   +------------+----------+----------+-----+
 * </pre>
 *
 * <p>Reused for every frame; not thread-safe.
 */
public final class BulkWriter {
    /** The most bytes one record can take. */
    public static final int MAX_RECORD = 4096 + 128;

    private static final int HEADER = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final int PAGE_CONTENT = HEADER + PageEncoder.BLOCK_LENGTH + PageEncoder.contentHeaderLength();

    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final BulkHeaderEncoder bulkHeader = new BulkHeaderEncoder();
    private final SyncStartEncoder syncStart = new SyncStartEncoder();
    private final PageEncoder page = new PageEncoder();
    private final ChunkEncoder chunk = new ChunkEncoder();
    private final EpochEndEncoder epochEnd = new EpochEndEncoder();
    private MutableDirectBuffer buffer;
    private int capacity;
    private int limit;
    private int records;

    /** Starts a frame of at most {@code capacity} bytes. */
    public void begin(MutableDirectBuffer target, int capacity, long generation, long firstPosition) {
        this.buffer = target;
        this.capacity = capacity;
        this.records = 0;
        bulkHeader.wrapAndApplyHeader(target, 0, header).generation(generation).firstPosition(firstPosition);
        limit = HEADER + BulkHeaderEncoder.BLOCK_LENGTH;
    }

    /** True if any record fits. */
    public boolean hasRoom() {
        return capacity - limit >= MAX_RECORD;
    }

    /** Number of records since {@link #begin}. */
    public int records() {
        return records;
    }

    /** Completes the frame and returns its length. */
    public int end() {
        bulkHeader.recordCount(records);
        return limit;
    }

    /** The buffer being filled. */
    public MutableDirectBuffer buffer() {
        return buffer;
    }

    /** Where the content of the next page record must be put before {@link #page}. */
    public int pageContentOffset() {
        return limit + PAGE_CONTENT;
    }

    /** Adds a page record whose content of {@code length} bytes is already at {@link #pageContentOffset()}. */
    public void page(long pageNumber, Encoding encoding, long digest, int length) {
        page.wrapAndApplyHeader(buffer, limit, header)
                .page(pageNumber)
                .encoding(PageEncoding.get((short) encoding.ordinal()))
                .digest(digest);
        buffer.putShort(
                pageContentOffset() - PageEncoder.contentHeaderLength(), (short) length, ByteOrder.LITTLE_ENDIAN);
        advance(PAGE_CONTENT + length);
    }

    /**
     * Adds the start of a synchronisation of {@code pageCount} pages of memory and, as the pages after those, {@code blockCount}
     * blocks of a disk that will carry {@code diskToken}.
     */
    public void syncStart(long imageId, long pageCount, long fromEpoch, long chain, long blockCount, long diskToken) {
        syncStart
                .wrapAndApplyHeader(buffer, limit, header)
                .imageId(imageId)
                .pageCount(pageCount)
                .fromEpoch(fromEpoch)
                .chain(chain)
                .blockCount(blockCount)
                .diskToken(diskToken);
        advance(HEADER + SyncStartEncoder.BLOCK_LENGTH);
    }

    /** Adds a part of the device state or of the baseline. */
    public void chunk(Blob blob, int blobOffset, int total, DirectBuffer source, int sourceOffset, int length) {
        chunk.wrapAndApplyHeader(buffer, limit, header)
                .kind(BlobKind.get((short) blob.ordinal()))
                .blobOffset(blobOffset)
                .total(total);
        chunk.putContent(source, sourceOffset, length);
        advance(HEADER + chunk.encodedLength());
    }

    /** Adds the end of an epoch. */
    public void epochEnd(long epoch, long pages, int stateLength, long digest, long chain) {
        epochEnd.wrapAndApplyHeader(buffer, limit, header)
                .epoch(epoch)
                .pages(pages)
                .stateLength(stateLength)
                .digest(digest)
                .chain(chain);
        advance(HEADER + EpochEndEncoder.BLOCK_LENGTH);
    }

    private void advance(int bytes) {
        limit += bytes;
        records++;
    }
}
