package io.lockstep.hypervisor.riscv.cpu;

/** Bits of mstatus and sstatus. */
final class Status {
    static final long SIE = 1L << 1;
    static final long MIE = 1L << 3;
    static final long SPIE = 1L << 5;
    static final long MPIE = 1L << 7;
    static final long SPP = 1L << 8;
    static final int MPP_SHIFT = 11;
    static final long MPP = 3L << MPP_SHIFT;
    static final long FS = 3L << 13;
    static final long MPRV = 1L << 17;
    static final long SUM = 1L << 18;
    static final long MXR = 1L << 19;
    static final long TVM = 1L << 20;
    static final long TW = 1L << 21;
    static final long TSR = 1L << 22;
    /** UXL and SXL: always 64 bits. */
    static final long FIXED = 2L << 32 | 2L << 34;

    static final long SD = 1L << 63;
    static final long WRITABLE = SIE | MIE | SPIE | MPIE | SPP | MPP | FS | MPRV | SUM | MXR | TVM | TW | TSR;
    static final long SUPERVISOR_WRITABLE = SIE | SPIE | SPP | FS | SUM | MXR;
    static final long SUPERVISOR_VISIBLE = SUPERVISOR_WRITABLE | 3L << 32;

    private Status() {}

    /** What software reads: SD sums up. */
    static long read(long mstatus) {
        return (mstatus & FS) == FS ? mstatus | SD : mstatus;
    }

    /** A legal value close to what software wrote: MPP 2 does not exist and leaves MPP as it was. */
    static long write(long old, long value, long mask) {
        long merged = (old & ~mask) | (value & mask);
        return (merged & MPP) == 2L << MPP_SHIFT ? (merged & ~MPP) | (old & MPP) : merged;
    }
}
