package io.lockstep.mirror.encode;

import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.memory.PageSet;
import io.lockstep.mirror.record.Encoding;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Factory;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Encodes pages against the version that was sent last, and remembers what it sent.
 *
 * <pre>
 *   ZERO    nothing
 *   DELTA   +----------------+---------+---------+-----+   bit i of the bitmap: word i (8 bytes) changed;
 *           | bitmap 64 byte | word    | word    | ... |   the changed words follow in order, little endian
 *           +----------------+---------+---------+-----+
 *   RAW     4096 bytes
 *   LZ4     one LZ4 block that expands to 4096 bytes
 * </pre>
 *
 * DELTA is chosen up to about 70 % changed words; beyond, copying is cheaper. LZ4 is tried in place of RAW when it was asked for.
 *
 * <p>Pages beyond the last one of {@code shadow} are blocks of a disk. No version of them is kept, because a disk is larger than memory
 * and most of its blocks are written whole: they are never encoded DELTA.
 *
 * <p>Threading: one thread. No allocation per page.
 */
public final class PageCompressor {
    private static final int PAGE = PageRegion.PAGE_SIZE;
    private static final int WORDS = PAGE / Long.BYTES;
    private static final int BITMAP_BYTES = WORDS / 8;
    private static final int MAX_DELTA_WORDS = WORDS * 7 / 10;

    private final PageRegion shadow;
    private final PageSet known;
    private final LZ4Compressor lz4 = LZ4Factory.fastestInstance().fastCompressor();
    private final ByteBuffer lz4Output = ByteBuffer.allocateDirect(lz4.maxCompressedLength(PAGE));
    private final UnsafeBuffer lz4Result = new UnsafeBuffer(lz4Output);
    private final UnsafeBuffer scratch = new UnsafeBuffer(ByteBuffer.allocateDirect(PAGE));
    private final ByteBuffer lz4Input = scratch.byteBuffer();
    private Encoding encoding = Encoding.RAW;

    /**
     * A compressor that keeps the last sent versions in {@code shadow}.
     *
     * @param shadow zeroed memory, one page for each guest page
     */
    public PageCompressor(PageRegion shadow) {
        this.shadow = shadow;
        this.known = new PageSet(shadow.pageCount());
    }

    /** Forgets every version: the peer has none of them. */
    public void forgetAll() {
        known.clear();
    }

    /** How the last page was encoded. */
    public Encoding encoding() {
        return encoding;
    }

    /**
     * Encodes a page the peer may hold any version of, so without DELTA.
     *
     * @return bytes written at {@code targetOffset}, at most 4096
     */
    public int encodeWhole(
            long page, DirectBuffer source, MutableDirectBuffer target, int targetOffset, boolean slowLink) {
        if (page < known.pageCount()) {
            known.remove(page);
        }
        return encode(page, source, target, targetOffset, slowLink);
    }

    /**
     * Encodes a page against the last version encoded here.
     *
     * @param source 4096 bytes from 0
     * @param slowLink true if bytes on the wire cost more than compressing them
     * @return bytes written at {@code targetOffset}, at most 4096
     */
    public int encode(long page, DirectBuffer source, MutableDirectBuffer target, int targetOffset, boolean slowLink) {
        if (page >= known.pageCount()) {
            return block(source, target, targetOffset, slowLink);
        }
        if (isZero(source, 0)) {
            // Memory that was never written takes no room; most pages of a young guest are zero and can stay so here,
            // too.
            if (!isZero(shadow.chunk(page), shadow.offset(page))) {
                shadow.zero(page);
            }
            known.add(page);
            encoding = Encoding.ZERO;
            return 0;
        }
        if (!known.add(page)) {
            int length = delta(source, shadow.chunk(page), shadow.offset(page), target, targetOffset);
            if (length >= 0) {
                encoding = Encoding.DELTA;
                return length;
            }
        }
        shadow.write(page, source, 0);
        return slowLink ? lz4(source, target, targetOffset) : raw(source, target, targetOffset);
    }

    private int block(DirectBuffer source, MutableDirectBuffer target, int targetOffset, boolean slowLink) {
        if (isZero(source, 0)) {
            encoding = Encoding.ZERO;
            return 0;
        }
        return slowLink ? lz4(source, target, targetOffset) : raw(source, target, targetOffset);
    }

    private int raw(DirectBuffer source, MutableDirectBuffer target, int targetOffset) {
        target.putBytes(targetOffset, source, 0, PAGE);
        encoding = Encoding.RAW;
        return PAGE;
    }

    private int lz4(DirectBuffer source, MutableDirectBuffer target, int targetOffset) {
        scratch.putBytes(0, source, 0, PAGE);
        int length = lz4.compress(lz4Input, 0, PAGE, lz4Output, 0, lz4Output.capacity());
        if (length >= PAGE) {
            return raw(source, target, targetOffset);
        }
        target.putBytes(targetOffset, lz4Result, 0, length);
        encoding = Encoding.LZ4;
        return length;
    }

    private static boolean isZero(DirectBuffer buffer, int offset) {
        for (int i = offset; i < offset + PAGE; i += 4 * Long.BYTES) {
            if ((buffer.getLong(i) | buffer.getLong(i + 8) | buffer.getLong(i + 16) | buffer.getLong(i + 24)) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Writes the delta and brings the base up to date; -1, with the base possibly half new, if too much changed. */
    private static int delta(
            DirectBuffer source, UnsafeBuffer base, int baseOffset, MutableDirectBuffer target, int targetOffset) {
        int changedWords = 0;
        int out = targetOffset + BITMAP_BYTES;
        for (int group = 0; group < WORDS / 64; group++) {
            long bits = 0;
            int start = group * 64 * Long.BYTES;
            for (int i = 0; i < 64; i++) {
                int at = start + i * Long.BYTES;
                long word = source.getLong(at);
                if (word != base.getLong(baseOffset + at)) {
                    base.putLong(baseOffset + at, word);
                    target.putLong(out, word, ByteOrder.LITTLE_ENDIAN);
                    out += Long.BYTES;
                    bits |= 1L << i;
                    if (++changedWords > MAX_DELTA_WORDS) {
                        return -1;
                    }
                }
            }
            target.putLong(targetOffset + group * Long.BYTES, bits, ByteOrder.LITTLE_ENDIAN);
        }
        return out - targetOffset;
    }
}
