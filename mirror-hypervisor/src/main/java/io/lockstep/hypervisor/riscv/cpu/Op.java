package io.lockstep.hypervisor.riscv.cpu;

/**
 * Decoded operations and how one is packed into a {@code long}:
 *
 * <pre>
 *   63            32 31   24 23   16 15    8 7     0
 *   |   immediate   |  rs2  |  rs1  |   rd  |  op  |
 * </pre>
 *
 * Register 0 as a target is {@link #NOWHERE}, so that nothing has to look for it. Numbers are dense: the interpreter switches over them.
 */
final class Op {
    static final int NOWHERE = 32;

    static final int LI = 0;
    static final int AUIPC = 1;
    static final int ADDI = 2;
    static final int SLTI = 3;
    static final int SLTIU = 4;
    static final int XORI = 5;
    static final int ORI = 6;
    static final int ANDI = 7;
    static final int SLLI = 8;
    static final int SRLI = 9;
    static final int SRAI = 10;
    static final int ADDIW = 11;
    static final int SLLIW = 12;
    static final int SRLIW = 13;
    static final int SRAIW = 14;
    static final int ADD = 15;
    static final int SUB = 16;
    static final int SLL = 17;
    static final int SLT = 18;
    static final int SLTU = 19;
    static final int XOR = 20;
    static final int SRL = 21;
    static final int SRA = 22;
    static final int OR = 23;
    static final int AND = 24;
    static final int ADDW = 25;
    static final int SUBW = 26;
    static final int MUL = 27;
    static final int LB = 28;
    static final int LH = 29;
    static final int LW = 30;
    static final int LD = 31;
    static final int LBU = 32;
    static final int LHU = 33;
    static final int LWU = 34;
    static final int SB = 35;
    static final int SH = 36;
    static final int SW = 37;
    static final int SD = 38;
    static final int BEQ = 39;
    static final int BNE = 40;
    static final int BLT = 41;
    static final int BGE = 42;
    static final int BLTU = 43;
    static final int BGEU = 44;
    static final int JAL = 45;
    static final int JALR = 46;

    static final int SLLW = 47;
    static final int SRLW = 48;
    static final int SRAW = 49;
    static final int MULW = 50;
    static final int MULH = 51;
    static final int MULHSU = 52;
    static final int MULHU = 53;
    static final int DIV = 54;
    static final int DIVU = 55;
    static final int REM = 56;
    static final int REMU = 57;
    static final int DIVW = 58;
    static final int DIVUW = 59;
    static final int REMW = 60;
    static final int REMUW = 61;
    static final int NOP = 62;
    /** Immediate: 4 or 8 bytes. */
    static final int LR = 63;

    static final int SC = 64;
    /** Immediate: bytes, and funct5 from bit 8 on. */
    static final int AMO = 65;

    /** From here on: {@link FloatOps}. Immediate: rounding mode, rs3 from bit 8 on, bit 16 for doubles. */
    static final int FIRST_FLOAT = 66;

    static final int FL = 66;
    static final int FS = 67;
    static final int FMADD = 68;
    static final int FMSUB = 69;
    static final int FNMSUB = 70;
    static final int FNMADD = 71;
    static final int FADD = 72;
    static final int FSUB = 73;
    static final int FMUL = 74;
    static final int FDIV = 75;
    static final int FSQRT = 76;
    static final int FSGNJ = 77;
    static final int FSGNJN = 78;
    static final int FSGNJX = 79;
    static final int FMIN = 80;
    static final int FMAX = 81;
    static final int FEQ = 82;
    static final int FLT = 83;
    static final int FLE = 84;
    static final int FCLASS = 85;
    static final int FMV_TO_X = 86;
    static final int FMV_FROM_X = 87;
    static final int FCVT_FORMAT = 88;
    /** Both with rs2 as in the encoding: W, WU, L, LU. */
    static final int FCVT_TO_INT = 89;

    static final int FCVT_FROM_INT = 90;

    /** From here on: {@link SystemOps}; each ends its block. Immediate: the instruction as fetched. */
    static final int FIRST_SYSTEM = 91;

    static final int SYSTEM = 91;
    static final int FENCE_I = 92;
    static final int ILLEGAL = 93;

    private Op() {}

    static long pack(int op, int rd, int rs1, int rs2, int immediate) {
        int target = rd == 0 && (op < FIRST_FLOAT || op >= FIRST_SYSTEM) ? NOWHERE : rd;
        return op | target << 8 | rs1 << 16 | (rs2 & 0xffL) << 24 | (long) immediate << 32;
    }

    /** True if control may go elsewhere after it. */
    static boolean endsBlock(int op) {
        return (op >= BEQ && op <= JALR) || op >= FIRST_SYSTEM;
    }
}
