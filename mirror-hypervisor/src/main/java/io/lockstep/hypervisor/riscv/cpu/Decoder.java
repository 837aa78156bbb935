package io.lockstep.hypervisor.riscv.cpu;

/** One instruction to one packed {@link Op}. */
final class Decoder {
    private static final int DOUBLE = 1 << 16;

    private Decoder() {}

    /**
     * Decodes.
     *
     * @param instruction 32 bits (a compressed one expanded by {@link Compressed})
     * @param offset of the instruction in its block: branch targets are counted from the block's start
     */
    static long decode(int instruction, int offset) {
        int rd = instruction >>> 7 & 31;
        int rs1 = instruction >>> 15 & 31;
        int f3 = instruction >>> 12 & 7;
        int rs2 = instruction >>> 20 & 31;
        int iImm = instruction >> 20;
        long packed =
                switch (instruction & 0x7f) {
                    case 0x03 -> f3 == 7 ? -1 : Op.pack(Op.LB + f3, rd, rs1, 0, iImm);
                    case 0x07 -> f3 == 2 || f3 == 3 ? loadFloat(rd, rs1, f3, iImm) : -1;
                    case 0x0f -> fence(f3);
                    case 0x13 -> immediate(instruction, f3);
                    case 0x17 -> Op.pack(Op.AUIPC, rd, offset, 0, instruction & 0xfffff000);
                    case 0x1b -> immediateWord(instruction, f3);
                    case 0x23 -> f3 > 3 ? -1 : Op.pack(Op.SB + f3, 0, rs1, rs2, storeImmediate(instruction));
                    case 0x27 -> f3 == 2 || f3 == 3 ? storeFloat(instruction, f3) : -1;
                    case 0x2f -> atomic(instruction, f3);
                    case 0x33 -> register(instruction, f3);
                    case 0x37 -> Op.pack(Op.LI, rd, 0, 0, instruction & 0xfffff000);
                    case 0x3b -> registerWord(instruction, f3);
                    case 0x43, 0x47, 0x4b, 0x4f -> multiplyAdd(instruction, f3);
                    case 0x53 -> FloatDecoder.decode(instruction);
                    case 0x63 -> branch(instruction, f3, offset);
                    case 0x67 -> f3 == 0 ? Op.pack(Op.JALR, rd, rs1, 0, iImm) : -1;
                    case 0x6f -> Op.pack(Op.JAL, rd, 0, 0, jumpImmediate(instruction) + offset);
                    case 0x73 -> Op.pack(Op.SYSTEM, 0, 0, 0, instruction);
                    default -> -1;
                };
        return packed == -1 ? Op.pack(Op.ILLEGAL, 0, 0, 0, 0) : packed;
    }

    private static long fence(int f3) {
        return switch (f3) {
            case 0 -> Op.pack(Op.NOP, 0, 0, 0, 0);
            case 1 -> Op.pack(Op.FENCE_I, 0, 0, 0, 0);
            default -> -1;
        };
    }

    private static int storeImmediate(int instruction) {
        return instruction >> 25 << 5 | (instruction >>> 7 & 31);
    }

    private static int jumpImmediate(int i) {
        return i >> 31 << 20 | (i & 0xff000) | (i >>> 20 & 1) << 11 | (i >>> 21 & 0x3ff) << 1;
    }

    private static int branchImmediate(int i) {
        return i >> 31 << 12 | (i >>> 7 & 1) << 11 | (i >>> 25 & 0x3f) << 5 | (i >>> 8 & 15) << 1;
    }

    private static long branch(int i, int f3, int offset) {
        int op =
                switch (f3) {
                    case 0 -> Op.BEQ;
                    case 1 -> Op.BNE;
                    case 4 -> Op.BLT;
                    case 5 -> Op.BGE;
                    case 6 -> Op.BLTU;
                    case 7 -> Op.BGEU;
                    default -> -1;
                };
        return op < 0 ? -1 : Op.pack(op, 0, i >>> 15 & 31, i >>> 20 & 31, branchImmediate(i) + offset);
    }

    private static long immediate(int i, int f3) {
        int rd = i >>> 7 & 31;
        int rs1 = i >>> 15 & 31;
        int imm = i >> 20;
        int shift = imm & 63;
        int f6 = i >>> 26;
        return switch (f3) {
            case 0 -> rs1 == 0 ? Op.pack(Op.LI, rd, 0, 0, imm) : Op.pack(Op.ADDI, rd, rs1, 0, imm);
            case 1 -> f6 == 0 ? Op.pack(Op.SLLI, rd, rs1, 0, shift) : -1;
            case 2 -> Op.pack(Op.SLTI, rd, rs1, 0, imm);
            case 3 -> Op.pack(Op.SLTIU, rd, rs1, 0, imm);
            case 4 -> Op.pack(Op.XORI, rd, rs1, 0, imm);
            case 5 ->
                f6 == 0 ? Op.pack(Op.SRLI, rd, rs1, 0, shift) : f6 == 16 ? Op.pack(Op.SRAI, rd, rs1, 0, shift) : -1;
            case 6 -> Op.pack(Op.ORI, rd, rs1, 0, imm);
            default -> Op.pack(Op.ANDI, rd, rs1, 0, imm);
        };
    }

    private static long immediateWord(int i, int f3) {
        int rd = i >>> 7 & 31;
        int rs1 = i >>> 15 & 31;
        int f7 = i >>> 25;
        int shift = i >>> 20 & 31;
        return switch (f3) {
            case 0 -> Op.pack(Op.ADDIW, rd, rs1, 0, i >> 20);
            case 1 -> f7 == 0 ? Op.pack(Op.SLLIW, rd, rs1, 0, shift) : -1;
            case 5 ->
                f7 == 0 ? Op.pack(Op.SRLIW, rd, rs1, 0, shift) : f7 == 32 ? Op.pack(Op.SRAIW, rd, rs1, 0, shift) : -1;
            default -> -1;
        };
    }

    private static long register(int i, int f3) {
        int op =
                switch (i >>> 25) {
                    case 0 ->
                        switch (f3) {
                            case 0 -> Op.ADD;
                            case 1 -> Op.SLL;
                            case 2 -> Op.SLT;
                            case 3 -> Op.SLTU;
                            case 4 -> Op.XOR;
                            case 5 -> Op.SRL;
                            case 6 -> Op.OR;
                            default -> Op.AND;
                        };
                    case 1 ->
                        switch (f3) {
                            case 0 -> Op.MUL;
                            case 1 -> Op.MULH;
                            case 2 -> Op.MULHSU;
                            case 3 -> Op.MULHU;
                            default -> Op.DIV + (f3 - 4);
                        };
                    case 32 -> f3 == 0 ? Op.SUB : f3 == 5 ? Op.SRA : -1;
                    default -> -1;
                };
        return op < 0 ? -1 : Op.pack(op, i >>> 7 & 31, i >>> 15 & 31, i >>> 20 & 31, 0);
    }

    private static long registerWord(int i, int f3) {
        int op =
                switch (i >>> 25) {
                    case 0 -> f3 == 0 ? Op.ADDW : f3 == 1 ? Op.SLLW : f3 == 5 ? Op.SRLW : -1;
                    case 1 -> f3 == 0 ? Op.MULW : f3 >= 4 ? Op.DIVW + (f3 - 4) : -1;
                    case 32 -> f3 == 0 ? Op.SUBW : f3 == 5 ? Op.SRAW : -1;
                    default -> -1;
                };
        return op < 0 ? -1 : Op.pack(op, i >>> 7 & 31, i >>> 15 & 31, i >>> 20 & 31, 0);
    }

    private static long atomic(int i, int f3) {
        if (f3 != 2 && f3 != 3) {
            return -1;
        }
        int bytes = f3 == 2 ? 4 : 8;
        int rd = i >>> 7 & 31;
        int rs1 = i >>> 15 & 31;
        int rs2 = i >>> 20 & 31;
        int f5 = i >>> 27;
        return switch (f5) {
            case 2 -> rs2 == 0 ? Op.pack(Op.LR, rd, rs1, 0, bytes) : -1;
            case 3 -> Op.pack(Op.SC, rd, rs1, rs2, bytes);
            case 0, 1, 4, 8, 12, 16, 20, 24, 28 -> Op.pack(Op.AMO, rd, rs1, rs2, bytes | f5 << 8);
            default -> -1;
        };
    }

    private static long loadFloat(int rd, int rs1, int f3, int imm) {
        return Op.pack(Op.FL, rd, rs1, f3 == 3 ? 1 : 0, imm);
    }

    /** The target's field holds the format. */
    private static long storeFloat(int i, int f3) {
        return Op.pack(Op.FS, f3 == 3 ? 1 : 0, i >>> 15 & 31, i >>> 20 & 31, storeImmediate(i));
    }

    private static long multiplyAdd(int i, int rm) {
        int format = i >>> 25 & 3;
        if (format > 1 || rm == 5 || rm == 6) {
            return -1;
        }
        int op = Op.FMADD + (i >>> 2 & 3);
        int imm = rm | i >>> 27 << 8 | (format == 1 ? DOUBLE : 0);
        return Op.pack(op, i >>> 7 & 31, i >>> 15 & 31, i >>> 20 & 31, imm);
    }
}
