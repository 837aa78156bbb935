package io.lockstep.hypervisor.riscv.fpu;

/** Rounding modes and exception flags, with the ISA's numbers, and the one place where results are rounded. */
final class Rounding {
    static final int NEAREST_EVEN = 0;
    static final int TOWARD_ZERO = 1;
    static final int DOWN = 2;
    static final int UP = 3;
    static final int NEAREST_AWAY = 4;

    static final int INEXACT = 1;
    static final int UNDERFLOW = 2;
    static final int OVERFLOW = 4;
    static final int DIVIDE_BY_ZERO = 8;
    static final int INVALID = 16;

    private Rounding() {}

    /** Shifts right; what falls out is kept as a one in the lowest bit. */
    static long shiftJam(long value, int distance) {
        if (distance <= 0) {
            return value;
        }
        if (distance > 63) {
            return value == 0 ? 0 : 1;
        }
        return value >>> distance | ((value & ((1L << distance) - 1)) == 0 ? 0 : 1);
    }

    /** What is added to a significand before its lowest bits are cut off. */
    static long increment(boolean negative, long mask, int mode) {
        return switch (mode) {
            case TOWARD_ZERO -> 0;
            case DOWN -> negative ? mask : 0;
            case UP -> negative ? 0 : mask;
            default -> (mask >>> 1) + 1;
        };
    }

    /**
     * Rounds {@code significand * 2^(exponent - 62)}, leading one at bit 62, lowest bit sticky. Tininess is detected after rounding, as the ISA
     * says.
     */
    static long pack(SoftFloat unit, Format format, boolean negative, int exponent, long significand, int mode) {
        int cut = Parts.TOP - format.fractionBits;
        long mask = (1L << cut) - 1;
        long add = increment(negative, mask, mode);
        int biased = exponent + format.bias;
        boolean tiny = false;
        long kept = significand;
        if (biased <= 0) {
            tiny = biased < 0 || (kept + add) >>> 63 == 0;
            kept = shiftJam(kept, 1 - biased);
            biased = 1;
        }
        long lost = kept & mask;
        if (lost != 0) {
            unit.raise(tiny ? INEXACT | UNDERFLOW : INEXACT);
        }
        long rounded = (kept + add) >>> cut;
        if (mode == NEAREST_EVEN && lost == (mask >>> 1) + 1) {
            rounded &= ~1L;
        }
        long packed = ((long) (biased - 1) << format.fractionBits) + rounded;
        if (biased >= format.maxExponent || packed >= format.infinity) {
            unit.raise(OVERFLOW | INEXACT);
            boolean toInfinity = add != 0;
            return format.signed(negative, toInfinity ? format.infinity : format.infinity - 1);
        }
        return format.signed(negative, packed);
    }
}
