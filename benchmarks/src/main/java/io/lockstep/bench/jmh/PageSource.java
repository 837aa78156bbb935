package io.lockstep.bench.jmh;

import io.lockstep.mirror.memory.PageRegion;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Some pages in two versions each, off-heap. Taking version 0 and 1 in turn gives the same work in every round. 1024 pages in two
 * versions with their shadow are 12 MiB: more than the second level cache, as in a guest.
 */
final class PageSource {
    static final int PAGES = 1024;

    private final UnsafeBuffer[][] versions = new UnsafeBuffer[2][PAGES];

    PageSource(PageKind kind, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        UnsafeBuffer memory = new UnsafeBuffer(ByteBuffer.allocateDirect(2 * PAGES * PageRegion.PAGE_SIZE));
        for (int page = 0; page < PAGES; page++) {
            int first = page * PageRegion.PAGE_SIZE;
            int second = (PAGES + page) * PageRegion.PAGE_SIZE;
            kind.first(random, memory, first);
            memory.putBytes(second, memory, first, PageRegion.PAGE_SIZE);
            kind.change(random, memory, second);
            versions[0][page] = new UnsafeBuffer(memory, first, PageRegion.PAGE_SIZE);
            versions[1][page] = new UnsafeBuffer(memory, second, PageRegion.PAGE_SIZE);
        }
    }

    /** A page in one of its two versions; 4096 bytes from 0. */
    UnsafeBuffer page(int version, int page) {
        return versions[version][page];
    }

    /** Zeroed off-heap memory for as many pages. The buffer must stay reachable while the region is used. */
    static PageRegion region(ByteBuffer memory) {
        UnsafeBuffer whole = new UnsafeBuffer(memory);
        long aligned = (whole.addressOffset() + PageRegion.PAGE_SIZE - 1) & -(long) PageRegion.PAGE_SIZE;
        return PageRegion.ofAddress(aligned, (long) PAGES * PageRegion.PAGE_SIZE);
    }

    /** Memory for {@link #region}. */
    static ByteBuffer memory() {
        return ByteBuffer.allocateDirect((PAGES + 1) * PageRegion.PAGE_SIZE);
    }
}
