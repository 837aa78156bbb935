package io.lockstep.mirror.encode;

import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.record.Encoding;
import io.lockstep.mirror.record.RecordFault;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Undoes {@link PageCompressor}, checking every length: the content comes from the wire (invariant I8). One thread. */
public final class PageExpander {
    private static final int PAGE = PageRegion.PAGE_SIZE;
    private static final int BITMAP_BYTES = PAGE / Long.BYTES / 8;

    private final LZ4SafeDecompressor lz4 = LZ4Factory.fastestInstance().safeDecompressor();
    private final UnsafeBuffer compressed = new UnsafeBuffer(ByteBuffer.allocateDirect(PAGE));
    private final UnsafeBuffer expanded = new UnsafeBuffer(ByteBuffer.allocateDirect(PAGE));
    private final ByteBuffer compressedView = compressed.byteBuffer();
    private final ByteBuffer expandedView = expanded.byteBuffer();

    /**
     * Makes the page whole.
     *
     * @param target holds the version before at {@code targetOffset} if the encoding is DELTA, and the page afterwards
     * @throws RecordFault if the content is not legal
     */
    public void expand(
            Encoding encoding,
            DirectBuffer source,
            int offset,
            int length,
            MutableDirectBuffer target,
            int targetOffset) {
        switch (encoding) {
            case ZERO -> {
                require(length == 0, encoding, length);
                target.setMemory(targetOffset, PAGE, (byte) 0);
            }
            case RAW -> {
                require(length == PAGE, encoding, length);
                target.putBytes(targetOffset, source, offset, PAGE);
            }
            case DELTA -> delta(source, offset, length, target, targetOffset);
            case LZ4 -> lz4(source, offset, length, target, targetOffset);
        }
    }

    private static void delta(
            DirectBuffer source, int offset, int length, MutableDirectBuffer target, int targetOffset) {
        require(length >= BITMAP_BYTES && length <= PAGE, Encoding.DELTA, length);
        int words = 0;
        for (int group = 0; group < BITMAP_BYTES; group += Long.BYTES) {
            words += Long.bitCount(source.getLong(offset + group));
        }
        require(length == BITMAP_BYTES + words * Long.BYTES, Encoding.DELTA, length);
        int in = offset + BITMAP_BYTES;
        for (int group = 0; group < BITMAP_BYTES / Long.BYTES; group++) {
            long bits = source.getLong(offset + group * Long.BYTES, ByteOrder.LITTLE_ENDIAN);
            int start = targetOffset + group * 64 * Long.BYTES;
            while (bits != 0) {
                target.putLong(start + Long.numberOfTrailingZeros(bits) * Long.BYTES, source.getLong(in));
                in += Long.BYTES;
                bits &= bits - 1;
            }
        }
    }

    private void lz4(DirectBuffer source, int offset, int length, MutableDirectBuffer target, int targetOffset) {
        require(length > 0 && length < PAGE, Encoding.LZ4, length);
        compressed.putBytes(0, source, offset, length);
        int result;
        try {
            result = lz4.decompress(compressedView, 0, length, expandedView, 0, PAGE);
        } catch (LZ4Exception e) {
            throw new RecordFault("page content is not an LZ4 block: " + e.getMessage());
        }
        require(result == PAGE, Encoding.LZ4, result);
        target.putBytes(targetOffset, expanded, 0, PAGE);
    }

    private static void require(boolean legal, Encoding encoding, int length) {
        if (!legal) {
            throw new RecordFault("content of " + length + " bytes is not legal for a page encoded " + encoding);
        }
    }
}
