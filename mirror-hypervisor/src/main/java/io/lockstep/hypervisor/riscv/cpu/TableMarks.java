package io.lockstep.hypervisor.riscv.cpu;

import java.util.Arrays;

/**
 * Which page table entries the cached translations came from (64-byte lines of pages of RAM). A store to one of them ends those translations at once,
 * so the TLB is never older than memory: what a guest computes does not depend on what happened to be in a cache, which a replica that was built from a
 * checkpoint does not have.
 */
final class TableMarks {
    private final long[] lines;
    private int[] marked = new int[64];
    private int count;

    TableMarks(int pages) {
        lines = new long[pages];
    }

    /** An entry of the table in this page was used; true if the page had none before. */
    boolean mark(int page, long address) {
        boolean fresh = lines[page] == 0;
        if (fresh) {
            if (count == marked.length) {
                marked = Arrays.copyOf(marked, 2 * count);
            }
            marked[count++] = page;
        }
        lines[page] |= line(address);
        return fresh;
    }

    boolean isTable(int page) {
        return lines[page] != 0;
    }

    boolean isUsed(int page, long address) {
        return (lines[page] & line(address)) != 0;
    }

    private static long line(long address) {
        return 1L << ((address >>> 6) & 63);
    }

    /** No translation is cached any more. */
    void clear() {
        for (int i = 0; i < count; i++) {
            lines[marked[i]] = 0;
        }
        count = 0;
    }
}
