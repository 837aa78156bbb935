package io.lockstep.hypervisor.riscv.cpu;

/** Integer instructions that programs use less often: word shifts, division, atomics. */
final class IntegerOps {
    private final Registers registers;
    private final Mmu mmu;

    IntegerOps(Registers registers, Mmu mmu) {
        this.registers = registers;
        this.mmu = mmu;
    }

    void execute(long w, int index) {
        final long[] x = registers.x;
        final int d = (int) (w >>> 8) & 63;
        final long a = x[(int) (w >>> 16) & 31];
        final long b = x[(int) (w >>> 24) & 31];
        final int imm = (int) (w >> 32);
        switch ((int) w & 0xff) {
            case Op.SLTI -> x[d] = a < imm ? 1 : 0;
            case Op.SLT -> x[d] = a < b ? 1 : 0;
            case Op.SRAIW -> x[d] = (int) a >> imm;
            case Op.SRLIW -> x[d] = (int) ((a & 0xffffffffL) >>> imm);
            case Op.SLLIW -> x[d] = (int) (a << imm);
            case Op.SRA -> x[d] = a >> b;
            case Op.SLL -> x[d] = a << b;
            case Op.SRL -> x[d] = a >>> b;
            case Op.SLLW -> x[d] = (int) (a << (b & 31));
            case Op.SRLW -> x[d] = (int) ((a & 0xffffffffL) >>> (b & 31));
            case Op.SRAW -> x[d] = (int) a >> (int) b;
            case Op.MULW -> x[d] = (int) (a * b);
            case Op.MULH -> x[d] = Math.multiplyHigh(a, b);
            case Op.MULHSU -> x[d] = Math.multiplyHigh(a, b) + (b < 0 ? a : 0);
            case Op.MULHU -> x[d] = Math.multiplyHigh(a, b) + (b < 0 ? a : 0) + (a < 0 ? b : 0);
            case Op.DIV -> x[d] = b == 0 ? -1 : a / b;
            case Op.DIVU -> x[d] = b == 0 ? -1 : Long.divideUnsigned(a, b);
            case Op.REM -> x[d] = b == 0 ? a : a % b;
            case Op.REMU -> x[d] = b == 0 ? a : Long.remainderUnsigned(a, b);
            case Op.DIVW -> x[d] = (int) b == 0 ? -1 : (int) a / (int) b;
            case Op.DIVUW -> x[d] = (int) b == 0 ? -1 : Integer.divideUnsigned((int) a, (int) b);
            case Op.REMW -> x[d] = (int) b == 0 ? (int) a : (int) a % (int) b;
            case Op.REMUW -> x[d] = (int) b == 0 ? (int) a : Integer.remainderUnsigned((int) a, (int) b);
            case Op.LR -> x[d] = loadReserved(a, (int) (w >> 32), index);
            case Op.SC -> x[d] = storeConditional(a, b, (int) (w >> 32), index);
            case Op.AMO -> x[d] = atomic(a, b, (int) (w >> 32), index);
            default -> {
                // NOP: FENCE, which has nothing to order here
            }
        }
    }

    private static long extend(long value, int bytes) {
        return bytes == 4 ? (int) value : value;
    }

    private long loadReserved(long address, int bytes, int index) {
        long physical = mmu.atomicAddress(address, bytes, true, index);
        registers.reservation = physical;
        return extend(mmu.readPhysical(physical, bytes, index), bytes);
    }

    private long storeConditional(long address, long value, int bytes, int index) {
        long physical = mmu.atomicAddress(address, bytes, false, index);
        boolean reserved = registers.reservation == physical;
        registers.reservation = -1;
        if (!reserved) {
            return 1;
        }
        mmu.writePhysical(physical, bytes, value, index);
        return 0;
    }

    private long atomic(long address, long operand, int immediate, int index) {
        int bytes = immediate & 0xff;
        long physical = mmu.atomicAddress(address, bytes, false, index);
        long old = extend(mmu.readPhysical(physical, bytes, index), bytes);
        mmu.writePhysical(physical, bytes, combine(immediate >> 8, old, extend(operand, bytes)), index);
        return old;
    }

    /** By funct5. Unsigned comparison of sign-extended words orders them like the words themselves. */
    private static long combine(int function, long old, long operand) {
        return switch (function) {
            case 0 -> old + operand;
            case 1 -> operand;
            case 4 -> old ^ operand;
            case 8 -> old | operand;
            case 12 -> old & operand;
            case 16 -> Math.min(old, operand);
            case 20 -> Math.max(old, operand);
            case 24 -> Long.compareUnsigned(old, operand) < 0 ? old : operand;
            default -> Long.compareUnsigned(old, operand) > 0 ? old : operand;
        };
    }
}
