package io.lockstep.hypervisor.riscv.cpu;

/** The C extension: each 16-bit instruction as the 32-bit one it stands for. */
final class Compressed {
    /** No instruction: decodes as illegal. */
    private static final int NONE = 0;

    private Compressed() {}

    static int expand(int c) {
        int f3 = c >>> 13 & 7;
        return switch (c & 3) {
            case 0 -> quadrant0(c, f3);
            case 1 -> quadrant1(c, f3);
            default -> quadrant2(c, f3);
        };
    }

    private static int bits(int value, int from, int count) {
        return value >>> from & ((1 << count) - 1);
    }

    private static int iType(int opcode, int rd, int f3, int rs1, int imm) {
        return imm << 20 | rs1 << 15 | f3 << 12 | rd << 7 | opcode;
    }

    private static int rType(int f7, int rs2, int rs1, int f3, int rd, int opcode) {
        return f7 << 25 | rs2 << 20 | rs1 << 15 | f3 << 12 | rd << 7 | opcode;
    }

    private static int sType(int opcode, int f3, int rs1, int rs2, int imm) {
        return bits(imm, 5, 7) << 25 | rs2 << 20 | rs1 << 15 | f3 << 12 | bits(imm, 0, 5) << 7 | opcode;
    }

    private static int quadrant0(int c, int f3) {
        int rd = bits(c, 2, 3) + 8;
        int rs1 = bits(c, 7, 3) + 8;
        int word = bits(c, 10, 3) << 3 | bits(c, 6, 1) << 2 | bits(c, 5, 1) << 6;
        int dword = bits(c, 10, 3) << 3 | bits(c, 5, 2) << 6;
        return switch (f3) {
            case 0 -> addi4spn(c, rd);
            case 1 -> iType(0x07, rd, 3, rs1, dword);
            case 2 -> iType(0x03, rd, 2, rs1, word);
            case 3 -> iType(0x03, rd, 3, rs1, dword);
            case 5 -> sType(0x27, 3, rs1, rd, dword);
            case 6 -> sType(0x23, 2, rs1, rd, word);
            case 7 -> sType(0x23, 3, rs1, rd, dword);
            default -> NONE;
        };
    }

    private static int addi4spn(int c, int rd) {
        int imm = bits(c, 11, 2) << 4 | bits(c, 7, 4) << 6 | bits(c, 6, 1) << 2 | bits(c, 5, 1) << 3;
        return imm == 0 ? NONE : iType(0x13, rd, 0, 2, imm);
    }

    private static int quadrant1(int c, int f3) {
        int rd = bits(c, 7, 5);
        int imm = bits(c, 12, 1) * -32 | bits(c, 2, 5);
        return switch (f3) {
            case 0 -> iType(0x13, rd, 0, rd, imm);
            case 1 -> rd == 0 ? NONE : iType(0x1b, rd, 0, rd, imm);
            case 2 -> iType(0x13, rd, 0, 0, imm);
            case 3 -> rd == 2 ? addi16sp(c) : imm == 0 ? NONE : imm << 12 | rd << 7 | 0x37;
            case 4 -> arithmetic(c, imm);
            case 5 -> jump(c);
            case 6 -> branch(c, 0);
            default -> branch(c, 1);
        };
    }

    private static int addi16sp(int c) {
        int imm = bits(c, 12, 1) * -512
                | bits(c, 6, 1) << 4
                | bits(c, 5, 1) << 6
                | bits(c, 3, 2) << 7
                | bits(c, 2, 1) << 5;
        return imm == 0 ? NONE : iType(0x13, 2, 0, 2, imm);
    }

    private static int arithmetic(int c, int imm) {
        int rd = bits(c, 7, 3) + 8;
        int rs2 = bits(c, 2, 3) + 8;
        int shift = imm & 63;
        return switch (bits(c, 10, 2)) {
            case 0 -> iType(0x13, rd, 5, rd, shift);
            case 1 -> iType(0x13, rd, 5, rd, shift | 0x400);
            case 2 -> iType(0x13, rd, 7, rd, imm);
            default ->
                switch (bits(c, 12, 1) << 2 | bits(c, 5, 2)) {
                    case 0 -> rType(0x20, rs2, rd, 0, rd, 0x33);
                    case 1 -> rType(0, rs2, rd, 4, rd, 0x33);
                    case 2 -> rType(0, rs2, rd, 6, rd, 0x33);
                    case 3 -> rType(0, rs2, rd, 7, rd, 0x33);
                    case 4 -> rType(0x20, rs2, rd, 0, rd, 0x3b);
                    case 5 -> rType(0, rs2, rd, 0, rd, 0x3b);
                    default -> NONE;
                };
        };
    }

    private static int jump(int c) {
        int imm = bits(c, 12, 1) * -2048
                | bits(c, 11, 1) << 4
                | bits(c, 9, 2) << 8
                | bits(c, 8, 1) << 10
                | bits(c, 7, 1) << 6
                | bits(c, 6, 1) << 7
                | bits(c, 3, 3) << 1
                | bits(c, 2, 1) << 5;
        return bits(imm, 20, 1) << 31 | bits(imm, 1, 10) << 21 | bits(imm, 11, 1) << 20 | bits(imm, 12, 8) << 12 | 0x6f;
    }

    private static int branch(int c, int f3) {
        int rs1 = bits(c, 7, 3) + 8;
        int imm = bits(c, 12, 1) * -256
                | bits(c, 10, 2) << 3
                | bits(c, 5, 2) << 6
                | bits(c, 3, 2) << 1
                | bits(c, 2, 1) << 5;
        return bits(imm, 12, 1) << 31
                | bits(imm, 5, 6) << 25
                | rs1 << 15
                | f3 << 12
                | bits(imm, 1, 4) << 8
                | bits(imm, 11, 1) << 7
                | 0x63;
    }

    private static int quadrant2(int c, int f3) {
        int rd = bits(c, 7, 5);
        int rs2 = bits(c, 2, 5);
        int shift = bits(c, 12, 1) << 5 | rs2;
        int loadWord = bits(c, 12, 1) << 5 | bits(c, 4, 3) << 2 | bits(c, 2, 2) << 6;
        int loadDword = bits(c, 12, 1) << 5 | bits(c, 5, 2) << 3 | bits(c, 2, 3) << 6;
        int storeWord = bits(c, 9, 4) << 2 | bits(c, 7, 2) << 6;
        int storeDword = bits(c, 10, 3) << 3 | bits(c, 7, 3) << 6;
        return switch (f3) {
            case 0 -> iType(0x13, rd, 1, rd, shift);
            case 1 -> iType(0x07, rd, 3, 2, loadDword);
            case 2 -> rd == 0 ? NONE : iType(0x03, rd, 2, 2, loadWord);
            case 3 -> rd == 0 ? NONE : iType(0x03, rd, 3, 2, loadDword);
            case 4 -> jumpOrMove(c, rd, rs2);
            case 5 -> sType(0x27, 3, 2, rs2, storeDword);
            case 6 -> sType(0x23, 2, 2, rs2, storeWord);
            default -> sType(0x23, 3, 2, rs2, storeDword);
        };
    }

    private static int jumpOrMove(int c, int rd, int rs2) {
        boolean link = bits(c, 12, 1) != 0;
        if (rs2 != 0) {
            return rType(0, rs2, link ? rd : 0, 0, rd, 0x33);
        }
        if (rd != 0) {
            return iType(0x67, link ? 1 : 0, 0, rd, 0);
        }
        return link ? 0x00100073 : NONE; // c.ebreak
    }
}
