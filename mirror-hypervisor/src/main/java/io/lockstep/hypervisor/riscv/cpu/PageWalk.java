package io.lockstep.hypervisor.riscv.cpu;

import io.lockstep.hypervisor.riscv.memory.GuestRam;

/**
 * Sv39: virtual to physical addresses. Accessed and dirty bits are set by hardware, in the walk. Fails with a number instead of an exception; the caller
 * knows which instruction it was.
 */
final class PageWalk {
    static final int FETCH = 4;
    static final int LOAD = 1;
    static final int STORE = 2;

    /** Results below zero. */
    static final long PAGE_FAULT = -1;

    static final long ACCESS_FAULT = -2;

    private static final int VALID = 1;
    private static final int READABLE = 2;
    private static final int WRITABLE = 4;
    private static final int EXECUTABLE = 8;
    private static final int USER_PAGE = 16;
    private static final int ACCESSED = 64;
    private static final int DIRTY = 128;
    private static final long PPN_MASK = (1L << 44) - 1;

    private final Registers registers;
    private final GuestRam ram;
    private final Pmp pmp;
    private final Mmu mmu;
    private final long[] slots = new long[3];

    PageWalk(Registers registers, GuestRam ram, Pmp pmp, Mmu mmu) {
        this.registers = registers;
        this.ram = ram;
        this.pmp = pmp;
        this.mmu = mmu;
    }

    /** The physical address, or a result below zero. */
    long translate(long address, int access, int privilege) {
        if (privilege == Registers.MACHINE || registers.satp >>> 60 == 0) {
            return address >>> 56 == 0 ? address : ACCESS_FAULT;
        }
        if (address << 25 >> 25 != address) {
            return PAGE_FAULT;
        }
        long table = (registers.satp & PPN_MASK) << 12;
        for (int level = 2; level >= 0; level--) {
            int shift = 12 + 9 * level;
            long slot = table + (address >>> shift & 511) * 8;
            if (!ram.contains(slot, 8) || !pmp.allows(slot, 8, Pmp.READ, Registers.SUPERVISOR)) {
                return ACCESS_FAULT;
            }
            long entry = ram.readLong(slot);
            slots[level] = slot;
            if ((entry & VALID) == 0 || (entry & (READABLE | WRITABLE)) == WRITABLE || entry >>> 54 != 0) {
                return PAGE_FAULT;
            }
            long frame = (entry >>> 10 & PPN_MASK) << 12;
            if ((entry & (READABLE | EXECUTABLE)) != 0) {
                long inside = (1L << shift) - 1;
                if ((frame & inside) != 0 || !permits(entry, access, privilege)) {
                    return PAGE_FAULT;
                }
                if (!mark(slot, entry, access)) {
                    return ACCESS_FAULT;
                }
                for (int used = level; used <= 2; used++) {
                    mmu.tableUsed(slots[used]);
                }
                return frame | (address & inside);
            }
            if ((entry & (USER_PAGE | ACCESSED | DIRTY)) != 0) {
                return PAGE_FAULT; // reserved in a pointer to the next level
            }
            table = frame;
        }
        return PAGE_FAULT;
    }

    private boolean permits(long entry, int access, int privilege) {
        boolean userPage = (entry & USER_PAGE) != 0;
        if (privilege == Registers.USER) {
            if (!userPage) {
                return false;
            }
        } else if (userPage && (access == FETCH || (registers.mstatus & Status.SUM) == 0)) {
            return false;
        }
        return switch (access) {
            case FETCH -> (entry & EXECUTABLE) != 0;
            case STORE -> (entry & WRITABLE) != 0;
            default -> (entry & READABLE) != 0 || ((entry & EXECUTABLE) != 0 && (registers.mstatus & Status.MXR) != 0);
        };
    }

    private boolean mark(long slot, long entry, int access) {
        long wanted = entry | ACCESSED | (access == STORE ? DIRTY : 0);
        if (wanted != entry) {
            if (!pmp.allows(slot, 8, Pmp.WRITE, Registers.SUPERVISOR)) {
                return false;
            }
            ram.writeLong(slot, wanted);
            mmu.tableMarked(slot);
        }
        return true;
    }
}
