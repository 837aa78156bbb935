package io.lockstep.hypervisor.riscv.fpu;

/**
 * A number taken apart. A finite one that is not zero is {@code significand * 2^(exponent - 62)} with the significand's leading one at bit
 * 62, also if it was subnormal. Reused; never kept.
 */
final class Parts {
    /** The significand's leading one. */
    static final int TOP = 62;

    boolean negative;
    int exponent;
    long significand;
    boolean zero;
    boolean infinite;
    boolean nan;
    boolean signalling;

    Parts set(Format format, long bits) {
        long fraction = bits & format.fractionMask;
        int field = (int) (bits >>> format.fractionBits) & format.maxExponent;
        negative = (bits >>> format.signShift & 1) != 0;
        zero = field == 0 && fraction == 0;
        infinite = field == format.maxExponent && fraction == 0;
        nan = field == format.maxExponent && fraction != 0;
        signalling = nan && format.isSignalling(bits);
        if (field == 0) {
            int shift = Long.numberOfLeadingZeros(fraction) - 1;
            significand = zero ? 0 : fraction << shift;
            exponent = 1 - format.bias + (TOP - shift) - format.fractionBits;
        } else {
            significand = (fraction | 1L << format.fractionBits) << (TOP - format.fractionBits);
            exponent = field - format.bias;
        }
        return this;
    }
}
