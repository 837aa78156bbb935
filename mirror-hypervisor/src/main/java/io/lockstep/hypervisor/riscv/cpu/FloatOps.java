package io.lockstep.hypervisor.riscv.cpu;

import io.lockstep.hypervisor.riscv.fpu.FloatUnit;

/** Instructions on floating-point registers. Singles are NaN-boxed: one that is not counts as the canonical NaN. */
final class FloatOps {
    private static final long BOX = 0xffffffff00000000L;
    private static final long CANONICAL_SINGLE = 0x7fc00000L;
    private static final int DYNAMIC = 7;

    private final Registers registers;
    private final Mmu mmu;
    private final FloatUnit unit;
    private final GuestTrap trap;

    FloatOps(Registers registers, Mmu mmu, FloatUnit unit, GuestTrap trap) {
        this.registers = registers;
        this.mmu = mmu;
        this.unit = unit;
        this.trap = trap;
    }

    private static long unbox(long value) {
        return (value & BOX) == BOX ? value & ~BOX : CANONICAL_SINGLE;
    }

    private long read(int register, boolean isDouble) {
        long value = registers.f[register & 31];
        return isDouble ? value : unbox(value);
    }

    private void dirty() {
        registers.mstatus |= Status.FS;
    }

    private void write(int register, boolean isDouble, long value) {
        registers.f[register & 31] = isDouble ? value : value | BOX;
        dirty();
    }

    private void writeInteger(int register, long value) {
        if (register != 0) {
            registers.x[register] = value;
        }
    }

    private GuestTrap illegal(int index) {
        return trap.with(GuestTrap.ILLEGAL, 0, index);
    }

    void execute(long w, int index) {
        if ((registers.mstatus & Status.FS) == 0) {
            throw illegal(index);
        }
        int op = (int) w & 0xff;
        switch (op) {
            case Op.FL -> load(w, index);
            case Op.FS -> store(w, index);
            default -> {
                int flags = unit.flags();
                compute(w, op, index);
                if (unit.flags() != flags) {
                    dirty();
                }
            }
        }
    }

    private void load(long w, int index) {
        long address = registers.x[(int) (w >>> 16) & 31] + (w >> 32);
        boolean isDouble = (w >>> 24 & 1) != 0;
        long value = isDouble ? mmu.load64(address, index) : mmu.load32(address, index);
        write((int) (w >>> 8), isDouble, value);
    }

    private void store(long w, int index) {
        long address = registers.x[(int) (w >>> 16) & 31] + (w >> 32);
        long value = registers.f[(int) (w >>> 24) & 31];
        if ((w >>> 8 & 1) != 0) {
            mmu.store64(address, value, index);
        } else {
            mmu.store32(address, value, index);
        }
    }

    private int mode(int immediate, int index) {
        int mode = immediate & 7;
        if (mode == DYNAMIC) {
            mode = registers.frm;
            if (mode > 4) {
                throw illegal(index);
            }
        }
        return mode;
    }

    private void compute(long w, int op, int index) {
        int d = (int) (w >>> 8) & 31;
        int rs1 = (int) (w >>> 16) & 31;
        int rs2 = (int) (w >>> 24) & 31;
        int immediate = (int) (w >> 32);
        boolean isDouble = (immediate & 1 << 16) != 0;
        if (op <= Op.FSQRT) {
            arithmetic(w, op, mode(immediate, index), isDouble);
            return;
        }
        long a = read(rs1, isDouble);
        switch (op) {
            case Op.FSGNJ, Op.FSGNJN, Op.FSGNJX -> write(d, isDouble, sign(op, a, read(rs2, isDouble), isDouble));
            case Op.FMIN, Op.FMAX -> write(d, isDouble, unit.extreme(isDouble, a, read(rs2, isDouble), op == Op.FMAX));
            case Op.FEQ -> writeInteger(d, unit.equal(isDouble, a, read(rs2, isDouble)));
            case Op.FLT -> writeInteger(d, unit.less(isDouble, a, read(rs2, isDouble)));
            case Op.FLE -> writeInteger(d, unit.lessOrEqual(isDouble, a, read(rs2, isDouble)));
            case Op.FCLASS -> writeInteger(d, unit.classify(isDouble, a));
            case Op.FMV_TO_X -> writeInteger(d, isDouble ? registers.f[rs1] : (int) registers.f[rs1]);
            case Op.FMV_FROM_X -> write(d, isDouble, isDouble ? registers.x[rs1] : registers.x[rs1] & ~BOX);
            case Op.FCVT_FORMAT -> convertFormat(d, rs1, isDouble, mode(immediate, index));
            case Op.FCVT_TO_INT -> writeInteger(d, toInteger(rs2, isDouble, a, mode(immediate, index)));
            default -> write(d, isDouble, fromInteger(rs2, isDouble, registers.x[rs1], mode(immediate, index)));
        }
    }

    private static long sign(int op, long a, long b, boolean isDouble) {
        long bit = isDouble ? Long.MIN_VALUE : 0x80000000L;
        return switch (op) {
            case Op.FSGNJ -> (a & ~bit) | (b & bit);
            case Op.FSGNJN -> (a & ~bit) | (~b & bit);
            default -> a ^ (b & bit);
        };
    }

    private void convertFormat(int d, int rs1, boolean toDouble, int mode) {
        long a = read(rs1, !toDouble);
        write(d, toDouble, toDouble ? unit.singleToDouble(a) : unit.doubleToSingle(a, mode));
    }

    private long toInteger(int kind, boolean isDouble, long a, int mode) {
        return switch (kind) {
            case 0 -> unit.toSignedInt(isDouble, a, mode);
            case 1 -> unit.toUnsignedInt(isDouble, a, mode);
            case 2 -> unit.toSignedLong(isDouble, a, mode);
            default -> unit.toUnsignedLong(isDouble, a, mode);
        };
    }

    private long fromInteger(int kind, boolean isDouble, long a, int mode) {
        return switch (kind) {
            case 0 -> unit.fromSigned(isDouble, (a << 32) >> 32, mode);
            case 1 -> unit.fromUnsigned(isDouble, a & 0xffffffffL, mode);
            case 2 -> unit.fromSigned(isDouble, a, mode);
            default -> unit.fromUnsigned(isDouble, a, mode);
        };
    }

    private void arithmetic(long w, int op, int mode, boolean isDouble) {
        long a = read((int) (w >>> 16), isDouble);
        long b = read((int) (w >>> 24), isDouble);
        long c = op <= Op.FNMADD ? read((int) (w >>> 40), isDouble) : 0;
        write((int) (w >>> 8), isDouble, isDouble ? doubles(op, a, b, c, mode) : singles(op, a, b, c, mode));
    }

    private long doubles(int op, long a, long b, long c, int mode) {
        final long minus = Long.MIN_VALUE;
        return switch (op) {
            case Op.FADD -> unit.addDouble(a, b, mode);
            case Op.FSUB -> unit.subtractDouble(a, b, mode);
            case Op.FMUL -> unit.multiplyDouble(a, b, mode);
            case Op.FDIV -> unit.divideDouble(a, b, mode);
            case Op.FSQRT -> unit.rootDouble(a, mode);
            case Op.FMADD -> unit.multiplyAddDouble(a, b, c, mode);
            case Op.FMSUB -> unit.multiplyAddDouble(a, b, c ^ minus, mode);
            case Op.FNMSUB -> unit.multiplyAddDouble(a ^ minus, b, c, mode);
            default -> unit.multiplyAddDouble(a ^ minus, b, c ^ minus, mode);
        };
    }

    private long singles(int op, long a, long b, long c, int mode) {
        final long minus = 0x80000000L;
        return switch (op) {
            case Op.FADD -> unit.addSingle(a, b, mode);
            case Op.FSUB -> unit.subtractSingle(a, b, mode);
            case Op.FMUL -> unit.multiplySingle(a, b, mode);
            case Op.FDIV -> unit.divideSingle(a, b, mode);
            case Op.FSQRT -> unit.rootSingle(a, mode);
            case Op.FMADD -> unit.multiplyAddSingle(a, b, c, mode);
            case Op.FMSUB -> unit.multiplyAddSingle(a, b, c ^ minus, mode);
            case Op.FNMSUB -> unit.multiplyAddSingle(a ^ minus, b, c, mode);
            default -> unit.multiplyAddSingle(a ^ minus, b, c ^ minus, mode);
        };
    }
}
