package io.lockstep.hypervisor.riscv.cpu;

/**
 * Physical memory protection: 16 entries, 4-byte grains. The first entry that matches any byte decides, and must match all of them.
 *
 * <p>The TLB works in pages: {@link #wholePage} says if the answer is the same for a whole page.
 */
final class Pmp {
    static final int ENTRIES = 16;
    static final int READ = 1;
    static final int WRITE = 2;
    static final int EXECUTE = 4;

    private static final int LOCKED = 0x80;
    private static final int OFF = 0;
    private static final int TOP_OF_RANGE = 1;
    private static final long ADDRESS_MASK = (1L << 54) - 1;

    private final Registers registers;
    private final long[] from = new long[ENTRIES];
    private final long[] to = new long[ENTRIES];
    private int used;
    private boolean anyLocked;

    Pmp(Registers registers) {
        this.registers = registers;
    }

    /** After a change of the registers; true if it makes any difference. */
    void refresh() {
        used = 0;
        anyLocked = false;
        for (int i = 0; i < ENTRIES; i++) {
            int mode = (int) registers.pmpConfig[i] >> 3 & 3;
            long address = registers.pmpAddress[i];
            switch (mode) {
                case OFF -> {
                    from[i] = 0;
                    to[i] = 0;
                    continue;
                }
                case TOP_OF_RANGE -> {
                    from[i] = i == 0 ? 0 : registers.pmpAddress[i - 1] << 2;
                    to[i] = address << 2;
                }
                default -> {
                    int ones = mode == 2 ? 0 : Long.numberOfTrailingZeros(~address) + 1;
                    long size = 4L << ones;
                    from[i] = (address << 2) & -size;
                    to[i] = from[i] + size;
                }
            }
            used = i + 1;
            anyLocked |= (registers.pmpConfig[i] & LOCKED) != 0;
        }
    }

    /** True if the access is allowed. */
    boolean allows(long address, int bytes, int access, int privilege) {
        if (privilege == Registers.MACHINE && !anyLocked) {
            return true;
        }
        for (int i = 0; i < used; i++) {
            if (address + bytes > from[i] && address < to[i]) {
                long config = registers.pmpConfig[i];
                if (address < from[i] || address + bytes > to[i]) {
                    return false;
                }
                boolean applies = privilege != Registers.MACHINE || (config & LOCKED) != 0;
                return !applies || (config & access) != 0;
            }
        }
        return privilege == Registers.MACHINE;
    }

    /** True if all bytes of the page at this address are treated alike. */
    boolean wholePage(long page) {
        for (int i = 0; i < used; i++) {
            boolean touches = page + 4096 > from[i] && page < to[i];
            if (touches) {
                return page >= from[i] && page + 4096 <= to[i];
            }
        }
        return true;
    }

    /** Writes one configuration byte; a locked entry stays, W without R is reserved and leaves R, W, X as they were. */
    void configure(int entry, long value) {
        long old = registers.pmpConfig[entry];
        if ((old & LOCKED) != 0) {
            return;
        }
        long legal = value & 0x9f;
        if ((legal & (READ | WRITE)) == WRITE) {
            legal = (legal & ~7L) | (old & 7);
        }
        registers.pmpConfig[entry] = legal;
    }

    void address(int entry, long value) {
        boolean locked = (registers.pmpConfig[entry] & LOCKED) != 0;
        if (entry + 1 < ENTRIES) {
            long above = registers.pmpConfig[entry + 1];
            locked |= (above & LOCKED) != 0 && (above >> 3 & 3) == TOP_OF_RANGE;
        }
        if (!locked) {
            registers.pmpAddress[entry] = value & ADDRESS_MASK;
        }
    }
}
