package io.lockstep.hypervisor.riscv.cpu;

/** Numbers of control and status registers. */
final class Csr {
    static final int FFLAGS = 0x001;
    static final int FRM = 0x002;
    static final int FCSR = 0x003;
    static final int SSTATUS = 0x100;
    static final int SIE = 0x104;
    static final int STVEC = 0x105;
    static final int SCOUNTEREN = 0x106;
    static final int SENVCFG = 0x10a;
    static final int SSCRATCH = 0x140;
    static final int SEPC = 0x141;
    static final int SCAUSE = 0x142;
    static final int STVAL = 0x143;
    static final int SIP = 0x144;
    static final int SATP = 0x180;
    static final int MSTATUS = 0x300;
    static final int MISA = 0x301;
    static final int MEDELEG = 0x302;
    static final int MIDELEG = 0x303;
    static final int MIE = 0x304;
    static final int MTVEC = 0x305;
    static final int MCOUNTEREN = 0x306;
    static final int MENVCFG = 0x30a;
    static final int MCOUNTINHIBIT = 0x320;
    static final int MSCRATCH = 0x340;
    static final int MEPC = 0x341;
    static final int MCAUSE = 0x342;
    static final int MTVAL = 0x343;
    static final int MIP = 0x344;
    static final int PMPCFG0 = 0x3a0;
    static final int PMPADDR0 = 0x3b0;
    static final int TSELECT = 0x7a0;
    static final int TDATA3 = 0x7a3;
    static final int MCYCLE = 0xb00;
    static final int MINSTRET = 0xb02;
    static final int CYCLE = 0xc00;
    static final int TIME = 0xc01;
    static final int INSTRET = 0xc02;
    static final int MVENDORID = 0xf11;
    static final int MCONFIGPTR = 0xf15;

    /** RV64, A C D F I M S U. */
    static final long ISA = 2L << 62 | 1 << 0 | 1 << 2 | 1 << 3 | 1 << 5 | 1 << 8 | 1 << 12 | 1 << 18 | 1 << 20;

    static final long SUPERVISOR_INTERRUPTS = 0x222;
    static final long ALL_INTERRUPTS = 0xaaa;
    /** Exceptions that can be delegated: all but calls from machine mode. */
    static final long DELEGABLE = 0xb3ff;

    private Csr() {}
}
