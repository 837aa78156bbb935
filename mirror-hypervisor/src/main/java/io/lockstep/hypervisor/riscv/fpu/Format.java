package io.lockstep.hypervisor.riscv.fpu;

/** One of the two formats: where the fields of a number are. */
final class Format {
    static final Format SINGLE = new Format(23, 8);
    static final Format DOUBLE = new Format(52, 11);

    /** Stored bits of the significand. */
    final int fractionBits;
    /** The exponent field of infinities and NaNs. */
    final int maxExponent;

    final int bias;
    final int signShift;
    final long fractionMask;
    final long infinity;
    final long canonicalNan;

    private Format(int fractionBits, int exponentBits) {
        this.fractionBits = fractionBits;
        this.maxExponent = (1 << exponentBits) - 1;
        this.bias = maxExponent >> 1;
        this.signShift = fractionBits + exponentBits;
        this.fractionMask = (1L << fractionBits) - 1;
        this.infinity = (long) maxExponent << fractionBits;
        this.canonicalNan = infinity | 1L << (fractionBits - 1);
    }

    long signed(boolean negative, long magnitude) {
        return negative ? magnitude | 1L << signShift : magnitude;
    }

    boolean isNan(long bits) {
        return (bits & ((1L << signShift) - 1)) > infinity;
    }

    boolean isSignalling(long bits) {
        return isNan(bits) && (bits & 1L << (fractionBits - 1)) == 0;
    }
}
