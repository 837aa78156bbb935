package io.lockstep.hypervisor.riscv.cpu;

/**
 * Executes one block. The switch holds what programs do all the time and is small enough for the JIT to compile as one piece; the rest is in
 * {@link IntegerOps}, {@link FloatOps} and {@link SystemOps}.
 */
final class Interpreter {
    private final Registers registers;
    private final Mmu mmu;
    private final IntegerOps integers;
    private final FloatOps floats;
    private final SystemOps system;
    private int executed;

    Interpreter(Registers registers, Mmu mmu, IntegerOps integers, FloatOps floats, SystemOps system) {
        this.registers = registers;
        this.mmu = mmu;
        this.integers = integers;
        this.floats = floats;
        this.system = system;
    }

    /** Instructions completed by the last {@link #execute}. */
    int executed() {
        return executed;
    }

    /**
     * Executes the block's instructions up to {@code mmu.end}, or fewer when one of them lowers it.
     *
     * @param pc virtual address of the block
     * @return where to go on
     * @throws GuestTrap which knows the index of the instruction; those before it are done
     */
    long execute(Block block, long pc) {
        final long[] x = registers.x;
        final long[] code = block.code;
        final Mmu m = mmu;
        long next = pc + block.bytes;
        int i = 0;
        while (i < m.end) {
            final long w = code[i];
            final int d = (int) (w >>> 8) & 63;
            final long a = x[(int) (w >>> 16) & 31];
            final long b = x[(int) (w >>> 24) & 31];
            final int imm = (int) (w >> 32);
            switch ((int) w & 0xff) {
                case Op.LI -> x[d] = imm;
                case Op.AUIPC -> x[d] = pc + imm + ((w >>> 16) & 0xff);
                case Op.ADDI -> x[d] = a + imm;
                case Op.SLTIU -> x[d] = a + Long.MIN_VALUE < imm + Long.MIN_VALUE ? 1 : 0;
                case Op.XORI -> x[d] = a ^ imm;
                case Op.ORI -> x[d] = a | imm;
                case Op.ANDI -> x[d] = a & imm;
                case Op.SLLI -> x[d] = a << imm;
                case Op.SRLI -> x[d] = a >>> imm;
                case Op.SRAI -> x[d] = a >> imm;
                case Op.ADDIW -> x[d] = (int) (a + imm);
                case Op.ADD -> x[d] = a + b;
                case Op.SUB -> x[d] = a - b;
                case Op.SLTU -> x[d] = a + Long.MIN_VALUE < b + Long.MIN_VALUE ? 1 : 0;
                case Op.XOR -> x[d] = a ^ b;
                case Op.OR -> x[d] = a | b;
                case Op.AND -> x[d] = a & b;
                case Op.ADDW -> x[d] = (int) (a + b);
                case Op.SUBW -> x[d] = (int) (a - b);
                case Op.MUL -> x[d] = a * b;
                case Op.LB -> x[d] = m.load8(a + imm, i);
                case Op.LH -> x[d] = m.load16(a + imm, i);
                case Op.LW -> x[d] = m.load32(a + imm, i);
                case Op.LD -> x[d] = m.load64(a + imm, i);
                case Op.LBU -> x[d] = m.load8(a + imm, i) & 0xffL;
                case Op.LHU -> x[d] = m.load16(a + imm, i) & 0xffffL;
                case Op.LWU -> x[d] = m.load32(a + imm, i) & 0xffffffffL;
                case Op.SB -> m.store8(a + imm, b, i);
                case Op.SH -> m.store16(a + imm, b, i);
                case Op.SW -> m.store32(a + imm, b, i);
                case Op.SD -> m.store64(a + imm, b, i);
                case Op.BEQ -> next = a == b ? pc + imm : next;
                case Op.BNE -> next = a != b ? pc + imm : next;
                case Op.BLT -> next = a < b ? pc + imm : next;
                case Op.BGE -> next = a >= b ? pc + imm : next;
                case Op.BLTU -> next = a + Long.MIN_VALUE < b + Long.MIN_VALUE ? pc + imm : next;
                case Op.BGEU -> next = a + Long.MIN_VALUE >= b + Long.MIN_VALUE ? pc + imm : next;
                case Op.JAL -> next = link(x, d, next, pc + imm);
                case Op.JALR -> next = link(x, d, next, (a + imm) & ~1L);
                default -> next = rare(w, i, next);
            }
            i++;
        }
        executed = i;
        return i == code.length ? next : pc + block.offset(i);
    }

    private static long link(long[] x, int d, long next, long target) {
        x[d] = next;
        return target;
    }

    private long rare(long w, int index, long next) {
        int op = (int) w & 0xff;
        if (op < Op.FIRST_FLOAT) {
            integers.execute(w, index);
            return next;
        }
        if (op < Op.FIRST_SYSTEM) {
            floats.execute(w, index);
            return next;
        }
        return system.execute(w, index, next);
    }
}
