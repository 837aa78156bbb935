package io.lockstep.mirror.memory;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A fixed run of 4 KiB pages, larger than 2 GiB if need be. Knows neither file nor mapping: whoever maps the memory keeps it
 * mapped for as long as the region is used.
 *
 * <p>Threading: no synchronisation; the caller orders accesses (capture reads only while the guest is paused, or accepts torn
 * pages that are sent again).
 */
public final class PageRegion {
    /** Bytes per page. */
    public static final int PAGE_SIZE = 4096;

    static final int PAGE_SHIFT = 12;
    private static final int CHUNK_SHIFT = 30;
    private static final long CHUNK_MASK = (1L << CHUNK_SHIFT) - 1;

    private final UnsafeBuffer[] chunks;
    private final long pageCount;

    private PageRegion(UnsafeBuffer[] chunks, long pageCount) {
        this.chunks = chunks;
        this.pageCount = pageCount;
    }

    /**
     * Wraps memory that is already mapped.
     *
     * @param address first byte
     * @param bytes length in bytes, a positive multiple of {@link #PAGE_SIZE}
     */
    public static PageRegion ofAddress(long address, long bytes) {
        requireWholePages(bytes);
        int count = Math.toIntExact((bytes + CHUNK_MASK) >>> CHUNK_SHIFT);
        UnsafeBuffer[] chunks = new UnsafeBuffer[count];
        for (int i = 0; i < count; i++) {
            long start = (long) i << CHUNK_SHIFT;
            chunks[i] = new UnsafeBuffer(address + start, (int) Math.min(1L << CHUNK_SHIFT, bytes - start));
        }
        return new PageRegion(chunks, bytes >>> PAGE_SHIFT);
    }

    /** Allocates zeroed heap memory; for tests, the simulator and small regions. */
    public static PageRegion onHeap(int pages) {
        requireWholePages((long) pages << PAGE_SHIFT);
        UnsafeBuffer[] chunks = {new UnsafeBuffer(new byte[Math.multiplyExact(pages, PAGE_SIZE)])};
        return new PageRegion(chunks, pages);
    }

    private static void requireWholePages(long bytes) {
        if (bytes <= 0 || (bytes & (PAGE_SIZE - 1)) != 0) {
            throw new IllegalArgumentException(
                    "region of " + bytes + " bytes is not a positive multiple of " + PAGE_SIZE);
        }
    }

    /** Number of pages. */
    public long pageCount() {
        return pageCount;
    }

    /** Length in bytes. */
    public long bytes() {
        return pageCount << PAGE_SHIFT;
    }

    /** Copies one page out of the region. */
    public void read(long page, MutableDirectBuffer target, int targetOffset) {
        target.putBytes(targetOffset, chunk(page), offset(page), PAGE_SIZE);
    }

    /** Replaces one page of the region. */
    public void write(long page, DirectBuffer source, int sourceOffset) {
        chunk(page).putBytes(offset(page), source, sourceOffset, PAGE_SIZE);
    }

    /** Copies one page of another region into this one. */
    public void copyFrom(PageRegion source, long sourcePage, long page) {
        chunk(page).putBytes(offset(page), source.chunk(sourcePage), source.offset(sourcePage), PAGE_SIZE);
    }

    /** Sets one page to zero. */
    public void zero(long page) {
        chunk(page).setMemory(offset(page), PAGE_SIZE, (byte) 0);
    }

    /** The buffer that holds the page; use with {@link #offset(long)}. */
    public UnsafeBuffer chunk(long page) {
        if (page < 0 || page >= pageCount) {
            throw new IndexOutOfBoundsException("page " + page + " of " + pageCount);
        }
        return chunks[(int) (page >>> (CHUNK_SHIFT - PAGE_SHIFT))];
    }

    /** Where the page starts in {@link #chunk(long)}. */
    public int offset(long page) {
        return (int) ((page << PAGE_SHIFT) & CHUNK_MASK);
    }
}
