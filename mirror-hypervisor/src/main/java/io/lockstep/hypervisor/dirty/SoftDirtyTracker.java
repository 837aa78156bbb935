package io.lockstep.hypervisor.dirty;

import io.lockstep.mirror.memory.PageSet;
import io.lockstep.mirror.spi.DirtyTracker;
import io.lockstep.nativeio.ProcessFreezer;
import io.lockstep.nativeio.SoftDirtyPages;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Knows the written pages from the kernel's soft-dirty bits (CONFIG_MEM_SOFT_DIRTY, in most distributions' kernels). Reads one word
 * per page of guest RAM. Reading and clearing are two steps, so the process is held still between them. Does not see writes by other
 * processes, nor pages that the guest gave back to the host: no balloon, no free page reporting.
 *
 * <p>Threading: one thread.
 */
final class SoftDirtyTracker implements DirtyTracker {
    private static final long FREEZE_TIMEOUT_NS = 1_000_000_000L;

    private final SoftDirtyPages bits;
    private final ProcessFreezer freezer;
    private final List<RamMapping> mappings;
    private final SoftDirtyPages.WordConsumer consumer;
    private PageSet target;
    private long shiftPages;
    private String failure = "";

    private SoftDirtyTracker(SoftDirtyPages bits, ProcessFreezer freezer, List<RamMapping> mappings) {
        this.bits = bits;
        this.freezer = freezer;
        this.mappings = mappings;
        this.consumer = this::add;
    }

    /** Whether it works for a process, which must be a child of this one. */
    static Support supported(long pid) {
        String problem = SoftDirtyPages.problem();
        return new Support(problem.isEmpty() ? new ProcessFreezer(pid).problem() : problem);
    }

    /** Starts tracking; the first harvest reports what was written since the process started, or since an earlier tracker. */
    static SoftDirtyTracker open(long pid, long ramBytes, Path ramFile) throws IOException {
        List<RamMapping> mappings = RamMapping.find(pid, ramFile, ramBytes);
        return new SoftDirtyTracker(SoftDirtyPages.open(pid), new ProcessFreezer(pid), mappings);
    }

    @Override
    public void harvest(PageSet into) {
        if (!failure.isEmpty()) {
            throw new IllegalStateException("written pages unknown: " + failure);
        }
        target = into;
        try {
            collect();
        } catch (IOException e) {
            failure = e.getMessage();
            throw new IllegalStateException("written pages unknown: " + failure, e);
        }
    }

    private void collect() throws IOException {
        try {
            freezer.freeze(FREEZE_TIMEOUT_NS);
            for (int i = 0; i < mappings.size(); i++) {
                RamMapping mapping = mappings.get(i);
                shiftPages = mapping.firstPage();
                bits.read(mapping.address(), mapping.pages(), consumer);
            }
            bits.clear();
        } finally {
            freezer.thaw();
        }
    }

    private void add(int wordIndex, long word) {
        long first = shiftPages + ((long) wordIndex << 6);
        if ((first & 63) == 0) {
            target.addWord((int) (first >>> 6), word);
            return;
        }
        for (long rest = word; rest != 0; rest &= rest - 1) {
            target.add(first + Long.numberOfTrailingZeros(rest));
        }
    }

    @Override
    public String name() {
        return "soft-dirty";
    }

    @Override
    public void close() {
        failure = "the tracker is closed";
        try {
            bits.close();
        } catch (IOException e) {
            throw new UncheckedIOException("close the soft-dirty bits", e);
        }
    }
}
