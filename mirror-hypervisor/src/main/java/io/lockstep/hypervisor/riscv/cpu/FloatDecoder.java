package io.lockstep.hypervisor.riscv.cpu;

/** The OP-FP major opcode: everything on floating-point registers except loads, stores and fused multiply-add. */
final class FloatDecoder {
    private FloatDecoder() {}

    /** The packed {@link Op}, or -1 if there is no such instruction. */
    static long decode(int i) {
        int format = i >>> 25 & 3;
        int rm = i >>> 12 & 7;
        int rs2 = i >>> 20 & 31;
        if (format > 1) {
            return -1;
        }
        int op = operation(i >>> 27, rm, rs2, format);
        if (op < 0 || (usesMode(op) && (rm == 5 || rm == 6))) {
            return -1;
        }
        return Op.pack(op, i >>> 7 & 31, i >>> 15 & 31, rs2, rm | (format == 1 ? 1 << 16 : 0));
    }

    private static boolean usesMode(int op) {
        return (op >= Op.FADD && op <= Op.FSQRT) || op >= Op.FCVT_FORMAT;
    }

    private static int operation(int f5, int rm, int rs2, int format) {
        return switch (f5) {
            case 0 -> Op.FADD;
            case 1 -> Op.FSUB;
            case 2 -> Op.FMUL;
            case 3 -> Op.FDIV;
            case 11 -> rs2 == 0 ? Op.FSQRT : -1;
            case 4 -> rm <= 2 ? Op.FSGNJ + rm : -1;
            case 5 -> rm <= 1 ? Op.FMIN + rm : -1;
            case 8 -> rs2 == 1 - format ? Op.FCVT_FORMAT : -1;
            case 20 -> rm == 2 ? Op.FEQ : rm == 1 ? Op.FLT : rm == 0 ? Op.FLE : -1;
            case 24 -> rs2 < 4 ? Op.FCVT_TO_INT : -1;
            case 26 -> rs2 < 4 ? Op.FCVT_FROM_INT : -1;
            case 28 -> rs2 != 0 ? -1 : rm == 0 ? Op.FMV_TO_X : rm == 1 ? Op.FCLASS : -1;
            case 30 -> rs2 == 0 && rm == 0 ? Op.FMV_FROM_X : -1;
            default -> -1;
        };
    }
}
