package io.lockstep.hypervisor.riscv.cpu;

import io.lockstep.hypervisor.riscv.fpu.FloatUnit;

/** Reads and writes control and status registers; values written are made legal (WARL). */
final class Csrs {
    private final Registers r;
    private final FloatUnit unit;
    private final Pmp pmp;
    private final Mmu mmu;
    private final Bus bus;
    private final Traps traps;
    private final GuestTrap trap;

    Csrs(Registers registers, FloatUnit unit, Pmp pmp, Mmu mmu, Bus bus, Traps traps, GuestTrap trap) {
        this.r = registers;
        this.unit = unit;
        this.pmp = pmp;
        this.mmu = mmu;
        this.bus = bus;
        this.traps = traps;
        this.trap = trap;
    }

    private GuestTrap illegal(int index) {
        return trap.with(GuestTrap.ILLEGAL, 0, index);
    }

    /** Throws unless the register may be accessed from here. */
    void check(int csr, boolean write, int index) {
        boolean tooHigh = (csr >> 8 & 3) > r.privilege;
        boolean readOnly = write && csr >> 10 == 3;
        boolean noFloat = csr >= Csr.FFLAGS && csr <= Csr.FCSR && (r.mstatus & Status.FS) == 0;
        boolean virtual = csr == Csr.SATP && r.privilege == Registers.SUPERVISOR && (r.mstatus & Status.TVM) != 0;
        if (tooHigh || readOnly || noFloat || virtual || (csr >> 5 == Csr.CYCLE >> 5 && !counterVisible(csr & 31))) {
            throw illegal(index);
        }
    }

    private boolean counterVisible(int counter) {
        boolean machine = r.privilege == Registers.MACHINE || (r.mcounteren >> counter & 1) != 0;
        return machine && (r.privilege != Registers.USER || (r.scounteren >> counter & 1) != 0);
    }

    /** The value; throws for a register that does not exist. {@code count} is the number of steps before this instruction. */
    long read(int csr, long count, int index) {
        return switch (csr >> 8) {
            case 0 -> readFloat(csr, index);
            case 1 -> readSupervisor(csr, index);
            case 3 -> readMachine(csr, index);
            case 7 -> {
                if (csr < Csr.TSELECT || csr > Csr.TDATA3) {
                    throw illegal(index);
                }
                yield 0; // no triggers
            }
            default -> readCounter(csr, count, index);
        };
    }

    private long readFloat(int csr, int index) {
        return switch (csr) {
            case Csr.FFLAGS -> unit.flags();
            case Csr.FRM -> r.frm;
            case Csr.FCSR -> (long) r.frm << 5 | unit.flags();
            default -> throw illegal(index);
        };
    }

    private long readSupervisor(int csr, int index) {
        return switch (csr) {
            case Csr.SSTATUS -> Status.read(r.mstatus) & (Status.SUPERVISOR_VISIBLE | Status.SD);
            case Csr.SIE -> r.mie & r.mideleg;
            case Csr.STVEC -> r.stvec;
            case Csr.SCOUNTEREN -> r.scounteren;
            case Csr.SENVCFG -> r.senvcfg;
            case Csr.SSCRATCH -> r.sscratch;
            case Csr.SEPC -> r.sepc;
            case Csr.SCAUSE -> r.scause;
            case Csr.STVAL -> r.stval;
            case Csr.SIP -> r.pending() & r.mideleg;
            case Csr.SATP -> r.satp;
            default -> throw illegal(index);
        };
    }

    private long readMachine(int csr, int index) {
        return switch (csr) {
            case Csr.MSTATUS -> Status.read(r.mstatus);
            case Csr.MISA -> Csr.ISA;
            case Csr.MEDELEG -> r.medeleg;
            case Csr.MIDELEG -> r.mideleg;
            case Csr.MIE -> r.mie;
            case Csr.MTVEC -> r.mtvec;
            case Csr.MCOUNTEREN -> r.mcounteren;
            case Csr.MENVCFG -> r.menvcfg;
            case Csr.MSCRATCH -> r.mscratch;
            case Csr.MEPC -> r.mepc;
            case Csr.MCAUSE -> r.mcause;
            case Csr.MTVAL -> r.mtval;
            case Csr.MIP -> r.pending();
            default -> readProtection(csr, index);
        };
    }

    private long readProtection(int csr, int index) {
        if (csr >= Csr.MCOUNTINHIBIT && csr < Csr.MSCRATCH) {
            if (csr == Csr.MCOUNTINHIBIT || csr >= Csr.MCOUNTINHIBIT + 3) {
                return 0; // nothing is inhibited, no event is counted
            }
            throw illegal(index);
        }
        if (csr >= Csr.PMPADDR0 && csr < Csr.PMPADDR0 + 64) {
            int entry = csr - Csr.PMPADDR0;
            return entry < Pmp.ENTRIES ? r.pmpAddress[entry] : 0;
        }
        if (csr < Csr.PMPCFG0 || csr >= Csr.PMPADDR0 || (csr & 1) != 0) {
            throw illegal(index);
        }
        long value = 0;
        for (int i = 0; i < 8 && 4 * (csr - Csr.PMPCFG0) + i < Pmp.ENTRIES; i++) {
            value |= r.pmpConfig[4 * (csr - Csr.PMPCFG0) + i] << (8 * i);
        }
        return value;
    }

    private long readCounter(int csr, long count, int index) {
        if (csr >= Csr.MVENDORID && csr <= Csr.MCONFIGPTR) {
            return 0;
        }
        return switch (csr) {
            case Csr.CYCLE, Csr.MCYCLE -> count + r.cycleBias;
            case Csr.INSTRET, Csr.MINSTRET -> count + r.instretBias;
            case Csr.TIME -> bus.time(count);
            default -> {
                int counter = csr & 0xffffffe0;
                if ((counter != Csr.CYCLE && counter != Csr.MCYCLE) || csr == Csr.MCYCLE + 1) {
                    throw illegal(index);
                }
                yield 0;
            }
        };
    }

    /** Writes; the register exists and may be written. */
    void write(int csr, long value, long count) {
        if (csr >> 8 == 1) {
            writeSupervisor(csr, value);
        } else if (csr >> 8 == 3) {
            writeMachine(csr, value);
        } else {
            writeOther(csr, value, count);
        }
        mmu.selectRegime();
        traps.refresh();
    }

    private void writeOther(int csr, long value, long count) {
        switch (csr) {
            case Csr.FFLAGS -> writeFloat(r.frm, value);
            case Csr.FRM -> writeFloat(value, unit.flags());
            case Csr.FCSR -> writeFloat(value >> 5, value);
            // The increment of this very instruction is not seen by the next one.
            case Csr.MCYCLE -> r.cycleBias = value - (count + 1);
            case Csr.MINSTRET -> r.instretBias = value - (count + 1);
            default -> {
                // triggers and event counters: always zero
            }
        }
    }

    private void writeFloat(long mode, long flags) {
        r.frm = (int) mode & 7;
        unit.flags((int) flags & 31);
        r.mstatus |= Status.FS;
    }

    private void status(long value, long mask) {
        long old = r.mstatus;
        r.mstatus = Status.write(old, value, mask);
        if (((old ^ r.mstatus) & Status.MXR) != 0) {
            mmu.flush();
        }
    }

    private void writeSupervisor(int csr, long value) {
        switch (csr) {
            case Csr.SSTATUS -> status(value, Status.SUPERVISOR_WRITABLE);
            case Csr.SIE -> r.mie = (r.mie & ~r.mideleg) | (value & r.mideleg & Csr.ALL_INTERRUPTS);
            case Csr.STVEC -> r.stvec = value & ~2L;
            case Csr.SCOUNTEREN -> r.scounteren = value & 0xffffffffL;
            case Csr.SENVCFG -> r.senvcfg = value & 1;
            case Csr.SSCRATCH -> r.sscratch = value;
            case Csr.SEPC -> r.sepc = value & ~1L;
            case Csr.SCAUSE -> r.scause = value;
            case Csr.STVAL -> r.stval = value;
            case Csr.SIP -> r.mipSoftware = merge(r.mipSoftware, value, r.mideleg & 2);
            default -> writeSatp(value);
        }
    }

    private static long merge(long old, long value, long mask) {
        return (old & ~mask) | (value & mask);
    }

    private void writeSatp(long value) {
        long mode = value >>> 60;
        if (mode == 0 || mode == 8) {
            r.satp = value;
            mmu.flush();
        }
    }

    private void writeMachine(int csr, long value) {
        switch (csr) {
            case Csr.MSTATUS -> status(value, Status.WRITABLE);
            case Csr.MEDELEG -> r.medeleg = value & Csr.DELEGABLE;
            case Csr.MIDELEG -> r.mideleg = value & Csr.SUPERVISOR_INTERRUPTS;
            case Csr.MIE -> r.mie = value & Csr.ALL_INTERRUPTS;
            case Csr.MTVEC -> r.mtvec = value & ~2L;
            case Csr.MCOUNTEREN -> r.mcounteren = value & 0xffffffffL;
            case Csr.MENVCFG -> r.menvcfg = value & 1;
            case Csr.MSCRATCH -> r.mscratch = value;
            case Csr.MEPC -> r.mepc = value & ~1L;
            case Csr.MCAUSE -> r.mcause = value;
            case Csr.MTVAL -> r.mtval = value;
            case Csr.MIP -> r.mipSoftware = merge(r.mipSoftware, value, Csr.SUPERVISOR_INTERRUPTS);
            default -> writeProtection(csr, value);
        }
    }

    private void writeProtection(int csr, long value) {
        if (csr >= Csr.PMPADDR0 && csr < Csr.PMPADDR0 + Pmp.ENTRIES) {
            pmp.address(csr - Csr.PMPADDR0, value);
        } else if (csr == Csr.PMPCFG0 || csr == Csr.PMPCFG0 + 2) {
            for (int i = 0; i < 8; i++) {
                pmp.configure(4 * (csr - Csr.PMPCFG0) + i, value >>> (8 * i) & 0xff);
            }
        } else {
            return; // misa, counters: fixed
        }
        pmp.refresh();
        mmu.flush();
    }

    /** What CSRRS and CSRRC start from: of a pending bit, what software wrote, not what a device says. */
    long modifiable(int csr, long read) {
        return switch (csr) {
            case Csr.MIP -> (read & ~r.lines) | r.mipSoftware;
            case Csr.SIP -> (read & ~r.lines) | (r.mipSoftware & r.mideleg);
            default -> read;
        };
    }
}
