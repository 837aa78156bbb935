package io.lockstep.hypervisor.dirty;

import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.memory.PageSet;
import io.lockstep.mirror.spi.DirtyTracker;
import io.lockstep.nativeio.MappedMemory;
import java.io.IOException;
import java.util.function.BooleanSupplier;
import org.agrona.concurrent.UnsafeBuffer;

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
    private static final int STRIDE = 8 * Long.BYTES;

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
        for (long page = 0; page < memory.pageCount(); page++) {
            UnsafeBuffer now = memory.chunk(page);
            UnsafeBuffer before = copy.chunk(page);
            int offset = memory.offset(page);
            if (differs(now, before, offset)) {
                before.putBytes(offset, now, offset, PAGE_SIZE);
                into.add(page);
                if (!settles) {
                    unsettled.add(page);
                }
            }
        }
    }

    /** Eight words at a time, with one branch for all of them: memory speed instead of branch speed. */
    private static boolean differs(UnsafeBuffer a, UnsafeBuffer b, int start) {
        for (int i = start; i < start + PAGE_SIZE; i += STRIDE) {
            long difference = (a.getLong(i) ^ b.getLong(i))
                    | (a.getLong(i + 8) ^ b.getLong(i + 8))
                    | (a.getLong(i + 16) ^ b.getLong(i + 16))
                    | (a.getLong(i + 24) ^ b.getLong(i + 24))
                    | (a.getLong(i + 32) ^ b.getLong(i + 32))
                    | (a.getLong(i + 40) ^ b.getLong(i + 40))
                    | (a.getLong(i + 48) ^ b.getLong(i + 48))
                    | (a.getLong(i + 56) ^ b.getLong(i + 56));
            if (difference != 0) {
                return true;
            }
        }
        return false;
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
