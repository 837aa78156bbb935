package io.lockstep.hypervisor.riscv.cpu;

/** All state of the hart that is not a cache. Fields, because everything in this package reads and writes them. */
final class Registers {
    static final int USER = 0;
    static final int SUPERVISOR = 1;
    static final int MACHINE = 3;

    /** Entry 0 is never written, entry {@link Op#NOWHERE} never read. */
    final long[] x = new long[Op.NOWHERE + 1];

    final long[] f = new long[32];
    long pc;
    int privilege = MACHINE;
    /** Steps: retired instructions and traps. */
    long count;

    /** minstret and mcycle are the count plus these. */
    long instretBias;

    long cycleBias;

    /** Physical address of the load reservation, or -1. */
    long reservation = -1;

    /** In WFI. */
    boolean waiting;

    long mstatus = Status.FIXED;
    long medeleg;
    long mideleg;
    long mie;
    /** What software set; {@link #lines} is what devices say. */
    long mipSoftware;

    long lines;
    long mtvec;
    long mscratch;
    long mepc;
    long mcause;
    long mtval;
    long mcounteren;
    long menvcfg;
    long stvec;
    long sscratch;
    long sepc;
    long scause;
    long stval;
    long scounteren;
    long senvcfg;
    long satp;
    int frm;
    final long[] pmpAddress = new long[Pmp.ENTRIES];
    final long[] pmpConfig = new long[Pmp.ENTRIES];

    long pending() {
        return mipSoftware | lines;
    }
}
