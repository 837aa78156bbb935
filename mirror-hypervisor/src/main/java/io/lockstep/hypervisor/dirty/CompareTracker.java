package io.lockstep.hypervisor.dirty;

import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.memory.PageSet;
import io.lockstep.mirror.spi.DirtyTracker;
import io.lockstep.nativeio.MappedMemory;
import java.io.IOException;
import java.util.function.BooleanSupplier;

/**
 * Knows the written pages by comparing guest RAM with a private copy. Needs nothing from the kernel, as much memory again as the
 * guest has (only for pages that are not zero), and reads all of both at each harvest.
 *
 * <p>A page can change and change back between two harvests, unseen. That is harmless if the guest was paused from the harvest until
 * its pages were read. If it was running, the reader may have read the page in between; so a page reported while the guest runs is
 * reported again at each harvest up to and including the next one at which it is paused.
 *
 * <p>Threading: one thread.
 */
final class CompareTracker implements DirtyTracker {
    private static final int PAGE_SIZE = PageRegion.PAGE_SIZE;
    /** Pages per comparison of unchanged memory; blocks do not cross the region's chunks, which are a multiple of it. */
    private static final int BLOCK_PAGES = 16;

    private final PageRegion memory;
    private final MappedMemory copyMemory;
    private final PageRegion copy;
    private final BooleanSupplier guestPaused;
    private final PageSet unsettled;
    private boolean closed;

    /**
     * Starts from an empty copy: the first harvest reports every page that is not zero.
     *
     * @param guestPaused asked at the start of a harvest; true only if the guest stays paused until the harvested pages were read
     */
    CompareTracker(PageRegion memory, BooleanSupplier guestPaused) throws IOException {
        if (memory.chunk(0).byteArray() != null) {
            throw new IllegalArgumentException(
                    "guest RAM of " + memory.bytes() + " bytes is on the heap, not at an address");
        }
        this.memory = memory;
        this.copyMemory = MappedMemory.anonymous(memory.bytes());
        this.copy = PageRegion.ofAddress(copyMemory.address(), copyMemory.bytes());
        this.guestPaused = guestPaused;
        this.unsettled = new PageSet(memory.pageCount());
    }

    @Override
    public void harvest(PageSet into) {
        if (closed) {
            throw new IllegalStateException("the tracker is closed");
        }
        boolean settles = guestPaused.getAsBoolean();
        for (long page = unsettled.next(0); page >= 0; page = unsettled.next(page + 1)) {
            into.add(page);
        }
        if (settles) {
            unsettled.clear();
        }
        for (long first = 0; first < memory.pageCount(); first += BLOCK_PAGES) {
            long end = Math.min(first + BLOCK_PAGES, memory.pageCount());
            if (differs(first, end - first)) {
                compareEach(first, end, into, settles);
            }
        }
    }

    private void compareEach(long first, long end, PageSet into, boolean settles) {
        for (long page = first; page < end; page++) {
            if (differs(page, 1)) {
                copy.copyFrom(memory, page, page);
                into.add(page);
                if (!settles) {
                    unsettled.add(page);
                }
            }
        }
    }

    private boolean differs(long page, long pages) {
        long now = memory.chunk(page).addressOffset() + memory.offset(page);
        return !MappedMemory.equal(now, copyMemory.address() + page * PAGE_SIZE, pages * PAGE_SIZE);
    }

    @Override
    public String name() {
        return "compare";
    }

    @Override
    public void close() {
        closed = true;
        copyMemory.close();
    }
}
