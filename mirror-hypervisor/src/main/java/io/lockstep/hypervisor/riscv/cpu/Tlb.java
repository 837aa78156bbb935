package io.lockstep.hypervisor.riscv.cpu;

import java.util.Arrays;

/**
 * One software TLB: {@value #ENTRIES} direct-mapped entries for each of four regimes, as pairs (page address, what to add for the host address). Emptying
 * costs what was put in.
 */
final class Tlb {
    static final int ENTRIES = 256;
    /** Array elements of a regime. */
    static final int REGIME = 2 * ENTRIES;

    private static final int REGIMES = 4;
    private static final long NO_PAGE = 1; // pages are even

    /** Read by {@link Mmu} on each access. */
    final long[] pairs = new long[REGIMES * REGIME];

    private final int[] filled = new int[REGIMES * ENTRIES];
    private int count;

    Tlb() {
        Arrays.fill(pairs, NO_PAGE);
    }

    void put(int slot, long page, long addend) {
        if (pairs[slot] == NO_PAGE) {
            filled[count++] = slot;
        }
        pairs[slot] = page;
        pairs[slot + 1] = addend;
    }

    void clear() {
        for (int i = 0; i < count; i++) {
            pairs[filled[i]] = NO_PAGE;
        }
        count = 0;
    }

    /** Removes the entries that lead to this page of the host. */
    void remove(long hostPage) {
        for (int i = count - 1; i >= 0; i--) {
            int slot = filled[i];
            if (pairs[slot] + pairs[slot + 1] == hostPage) {
                pairs[slot] = NO_PAGE;
                filled[i] = filled[--count];
            }
        }
    }
}
