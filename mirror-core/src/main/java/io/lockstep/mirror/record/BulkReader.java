package io.lockstep.mirror.record;

import io.lockstep.mirror.record.codec.BulkHeaderDecoder;
import io.lockstep.mirror.record.codec.ChunkDecoder;
import io.lockstep.mirror.record.codec.EpochEndDecoder;
import io.lockstep.mirror.record.codec.MessageHeaderDecoder;
import io.lockstep.mirror.record.codec.PageDecoder;
import io.lockstep.mirror.record.codec.SyncStartDecoder;
import java.nio.ByteOrder;
import org.agrona.DirectBuffer;

/**
 * Takes a bulk frame apart, checking every length and number before it is used (invariant I8).
 *
 * <p>Reused for every frame; not thread-safe.
 */
public final class BulkReader {
    /** Receives the records of a frame in order. Buffers are valid only during the call. */
    public interface Visitor {
        /** The frame's first position. Returning false skips the frame. */
        boolean onFrame(long generation, long firstPosition, long recordCount);

        /** A synchronisation starts; see {@link BulkWriter#syncStart}. */
        void onSyncStart(long imageId, long pageCount, long fromEpoch, long chain, long blockCount, long diskToken);

        /** A page; {@code length} bytes of content in the given encoding. */
        void onPage(long page, Encoding encoding, long digest, DirectBuffer buffer, int offset, int length);

        /** A part of a blob. */
        void onChunk(Blob blob, long blobOffset, long total, DirectBuffer buffer, int offset, int length);

        /** The end of an epoch. */
        void onEpochEnd(long epoch, long pages, long stateLength, long digest, long chain);
    }

    private static final int HEADER = MessageHeaderDecoder.ENCODED_LENGTH;
    private static final Encoding[] ENCODINGS = Encoding.values();
    private static final Blob[] BLOBS = Blob.values();
    private static final int PAGE = 4096;

    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final BulkHeaderDecoder bulkHeader = new BulkHeaderDecoder();
    private final SyncStartDecoder syncStart = new SyncStartDecoder();
    private final PageDecoder page = new PageDecoder();
    private final ChunkDecoder chunk = new ChunkDecoder();
    private final EpochEndDecoder epochEnd = new EpochEndDecoder();

    /**
     * Reads one frame's payload.
     *
     * @throws RecordFault if it is not a legal sequence of records
     */
    public void read(DirectBuffer buffer, int offset, int length, Visitor visitor) {
        int end = offset + length;
        int at = offset + block(buffer, offset, end, BulkHeaderDecoder.TEMPLATE_ID, BulkHeaderDecoder.BLOCK_LENGTH);
        bulkHeader.wrap(buffer, offset + HEADER, BulkHeaderDecoder.BLOCK_LENGTH, BulkHeaderDecoder.SCHEMA_VERSION);
        long count = bulkHeader.recordCount();
        if (!visitor.onFrame(bulkHeader.generation(), bulkHeader.firstPosition(), count)) {
            return;
        }
        for (long i = 0; i < count; i++) {
            at = record(buffer, at, end, visitor);
        }
        RecordFault.require(at == end, "length of records in a bulk frame", at - offset, length);
    }

    private int record(DirectBuffer buffer, int at, int end, Visitor visitor) {
        RecordFault.require(at + HEADER <= end, "record header's end", at + HEADER, end);
        header.wrap(buffer, at);
        return switch (header.templateId()) {
            case PageDecoder.TEMPLATE_ID -> page(buffer, at, end, visitor);
            case ChunkDecoder.TEMPLATE_ID -> chunk(buffer, at, end, visitor);
            case SyncStartDecoder.TEMPLATE_ID -> syncStart(buffer, at, end, visitor);
            case EpochEndDecoder.TEMPLATE_ID -> epochEnd(buffer, at, end, visitor);
            default -> throw new RecordFault("bulk record of unknown kind " + header.templateId());
        };
    }

    /** Checks a record's header and fixed block; returns their length. */
    private int block(DirectBuffer buffer, int at, int end, int template, int blockLength) {
        RecordFault.require(
                at + HEADER + blockLength <= end, "end of a record's block", (long) at + HEADER + blockLength, end);
        header.wrap(buffer, at);
        RecordFault.require(header.templateId() == template, "kind of record", header.templateId(), template);
        RecordFault.require(
                header.schemaId() == PageDecoder.SCHEMA_ID, "schema id", header.schemaId(), PageDecoder.SCHEMA_ID);
        RecordFault.require(
                header.version() == PageDecoder.SCHEMA_VERSION,
                "schema version",
                header.version(),
                PageDecoder.SCHEMA_VERSION);
        RecordFault.require(header.blockLength() == blockLength, "block length", header.blockLength(), blockLength);
        return HEADER + blockLength;
    }

    private int content(DirectBuffer buffer, int at, int end) {
        RecordFault.require(at + 2 <= end, "end of a content length", at + 2, end);
        int length = buffer.getShort(at, ByteOrder.LITTLE_ENDIAN) & 0xFFFF;
        RecordFault.require(length <= PAGE, "content of a record", length, PAGE);
        RecordFault.require(at + 2 + length <= end, "end of a content", at + 2 + length, end);
        return length;
    }

    private int page(DirectBuffer buffer, int at, int end, Visitor visitor) {
        int contentAt = at + block(buffer, at, end, PageDecoder.TEMPLATE_ID, PageDecoder.BLOCK_LENGTH);
        int length = content(buffer, contentAt, end);
        page.wrap(buffer, at + HEADER, PageDecoder.BLOCK_LENGTH, PageDecoder.SCHEMA_VERSION);
        int encoding = buffer.getByte(at + HEADER + PageDecoder.encodingEncodingOffset()) & 0xFF;
        RecordFault.require(encoding < ENCODINGS.length, "page encoding", encoding, ENCODINGS.length - 1);
        visitor.onPage(page.page(), ENCODINGS[encoding], page.digest(), buffer, contentAt + 2, length);
        return contentAt + 2 + length;
    }

    private int chunk(DirectBuffer buffer, int at, int end, Visitor visitor) {
        int contentAt = at + block(buffer, at, end, ChunkDecoder.TEMPLATE_ID, ChunkDecoder.BLOCK_LENGTH);
        int length = content(buffer, contentAt, end);
        chunk.wrap(buffer, at + HEADER, ChunkDecoder.BLOCK_LENGTH, ChunkDecoder.SCHEMA_VERSION);
        int kind = buffer.getByte(at + HEADER + ChunkDecoder.kindEncodingOffset()) & 0xFF;
        RecordFault.require(kind < BLOBS.length, "blob kind", kind, BLOBS.length - 1);
        visitor.onChunk(BLOBS[kind], chunk.blobOffset(), chunk.total(), buffer, contentAt + 2, length);
        return contentAt + 2 + length;
    }

    private int syncStart(DirectBuffer buffer, int at, int end, Visitor visitor) {
        int next = at + block(buffer, at, end, SyncStartDecoder.TEMPLATE_ID, SyncStartDecoder.BLOCK_LENGTH);
        syncStart.wrap(buffer, at + HEADER, SyncStartDecoder.BLOCK_LENGTH, SyncStartDecoder.SCHEMA_VERSION);
        visitor.onSyncStart(
                syncStart.imageId(),
                syncStart.pageCount(),
                syncStart.fromEpoch(),
                syncStart.chain(),
                syncStart.blockCount(),
                syncStart.diskToken());
        return next;
    }

    private int epochEnd(DirectBuffer buffer, int at, int end, Visitor visitor) {
        int next = at + block(buffer, at, end, EpochEndDecoder.TEMPLATE_ID, EpochEndDecoder.BLOCK_LENGTH);
        epochEnd.wrap(buffer, at + HEADER, EpochEndDecoder.BLOCK_LENGTH, EpochEndDecoder.SCHEMA_VERSION);
        visitor.onEpochEnd(
                epochEnd.epoch(), epochEnd.pages(), epochEnd.stateLength(), epochEnd.digest(), epochEnd.chain());
        return next;
    }
}
