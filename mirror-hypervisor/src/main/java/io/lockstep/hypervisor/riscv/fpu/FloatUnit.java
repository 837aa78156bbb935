package io.lockstep.hypervisor.riscv.fpu;

/**
 * The arithmetic of the F and D extensions on raw bits (a single in the lower half of a {@code long}, upper half zero).
 *
 * <p>Where the mode is round-to-nearest-even and operands and result are far from the ends of the range, the host's own addition,
 * multiplication, division and root give the same bits; whether they were exact is found with the classic error-free transformations (Dekker
 * 1971, Knuth TAOCP 4.2.2; fused multiply-add for the rest), and not looked at when the sticky flag is set already. All else is computed by
 * {@link SoftFloat}.
 *
 * <p>Threading: one thread. No allocation.
 */
public final class FloatUnit {
    private static final double LARGE = 0x1p1000;
    private static final double SMALL = 0x1p-960;
    private static final float LARGE_SINGLE = 0x1p126f;
    private static final float SMALL_SINGLE = 0x1p-125f;

    private final SoftFloat soft = new SoftFloat();

    /** The accrued exception flags, as in fflags. */
    public int flags() {
        return soft.flags();
    }

    /** Sets the accrued exception flags. */
    public void flags(int value) {
        soft.flags(value);
    }

    private boolean knownInexact() {
        return (soft.flags() & Rounding.INEXACT) != 0;
    }

    private void inexactIf(boolean inexact) {
        if (inexact) {
            soft.raise(Rounding.INEXACT);
        }
    }

    private static double d(long bits) {
        return Double.longBitsToDouble(bits);
    }

    private static float s(long bits) {
        return Float.intBitsToFloat((int) bits);
    }

    private static long bits(double value) {
        return Double.doubleToRawLongBits(value);
    }

    private static long bits(float value) {
        return Float.floatToRawIntBits(value) & 0xffffffffL;
    }

    private static boolean ordinary(double value) {
        double magnitude = Math.abs(value);
        return magnitude >= SMALL && magnitude <= LARGE;
    }

    private static boolean ordinary(float value) {
        float magnitude = Math.abs(value);
        return magnitude >= SMALL_SINGLE && magnitude <= LARGE_SINGLE;
    }

    /** FADD.D. */
    public long addDouble(long x, long y, int mode) {
        double sum = d(x) + d(y);
        if (mode == Rounding.NEAREST_EVEN && Math.abs(sum) <= LARGE) {
            if (!knownInexact()) {
                double rest = sum - d(x);
                inexactIf((d(x) - (sum - rest)) + (d(y) - rest) != 0);
            }
            return bits(sum);
        }
        return soft.add(Format.DOUBLE, x, y, mode);
    }

    /** FSUB.D. */
    public long subtractDouble(long x, long y, int mode) {
        return Format.DOUBLE.isNan(y) ? soft.add(Format.DOUBLE, x, y, mode) : addDouble(x, y ^ Long.MIN_VALUE, mode);
    }

    /** FMUL.D. */
    public long multiplyDouble(long x, long y, int mode) {
        double product = d(x) * d(y);
        if (mode == Rounding.NEAREST_EVEN && ordinary(product)) {
            inexactIf(!knownInexact() && Math.fma(d(x), d(y), -product) != 0);
            return bits(product);
        }
        return soft.multiply(Format.DOUBLE, x, y, mode);
    }

    /** FDIV.D. */
    public long divideDouble(long x, long y, int mode) {
        double quotient = d(x) / d(y);
        if (mode == Rounding.NEAREST_EVEN && ordinary(quotient) && ordinary(d(x))) {
            inexactIf(!knownInexact() && Math.fma(-quotient, d(y), d(x)) != 0);
            return bits(quotient);
        }
        return soft.divide(Format.DOUBLE, x, y, mode);
    }

    /** FSQRT.D. */
    public long rootDouble(long x, int mode) {
        if (mode == Rounding.NEAREST_EVEN && ordinary(d(x)) && d(x) > 0) {
            double root = Math.sqrt(d(x));
            inexactIf(!knownInexact() && Math.fma(-root, root, d(x)) != 0);
            return bits(root);
        }
        return soft.squareRoot(Format.DOUBLE, x, mode);
    }

    /** FMADD.D and its kin: {@code x * y + z}; the caller negates. */
    public long multiplyAddDouble(long x, long y, long z, int mode) {
        if (mode == Rounding.NEAREST_EVEN && knownInexact()) {
            double result = Math.fma(d(x), d(y), d(z));
            if (ordinary(result)) {
                return bits(result);
            }
        }
        return soft.multiplyAdd(Format.DOUBLE, x, y, z, mode);
    }

    /** FADD.S. */
    public long addSingle(long x, long y, int mode) {
        float sum = s(x) + s(y);
        if (mode == Rounding.NEAREST_EVEN && Math.abs(sum) <= LARGE_SINGLE) {
            if (!knownInexact()) {
                float rest = sum - s(x);
                inexactIf((s(x) - (sum - rest)) + (s(y) - rest) != 0);
            }
            return bits(sum);
        }
        return soft.add(Format.SINGLE, x, y, mode);
    }

    /** FSUB.S. */
    public long subtractSingle(long x, long y, int mode) {
        return Format.SINGLE.isNan(y) ? soft.add(Format.SINGLE, x, y, mode) : addSingle(x, y ^ 0x80000000L, mode);
    }

    /** FMUL.S. */
    public long multiplySingle(long x, long y, int mode) {
        double exact = (double) s(x) * (double) s(y);
        float product = (float) exact;
        if (mode == Rounding.NEAREST_EVEN && ordinary(product)) {
            inexactIf(product != exact);
            return bits(product);
        }
        return soft.multiply(Format.SINGLE, x, y, mode);
    }

    /** FDIV.S. */
    public long divideSingle(long x, long y, int mode) {
        float quotient = s(x) / s(y);
        if (mode == Rounding.NEAREST_EVEN && ordinary(quotient)) {
            inexactIf((double) quotient * (double) s(y) != s(x));
            return bits(quotient);
        }
        return soft.divide(Format.SINGLE, x, y, mode);
    }

    /** FSQRT.S. */
    public long rootSingle(long x, int mode) {
        if (mode == Rounding.NEAREST_EVEN && ordinary(s(x)) && s(x) > 0) {
            float root = (float) Math.sqrt(s(x));
            inexactIf((double) root * (double) root != s(x));
            return bits(root);
        }
        return soft.squareRoot(Format.SINGLE, x, mode);
    }

    /** FMADD.S and its kin: {@code x * y + z}; the caller negates. */
    public long multiplyAddSingle(long x, long y, long z, int mode) {
        if (mode == Rounding.NEAREST_EVEN && knownInexact()) {
            float result = Math.fma(s(x), s(y), s(z));
            if (ordinary(result)) {
                return bits(result);
            }
        }
        return soft.multiplyAdd(Format.SINGLE, x, y, z, mode);
    }

    /** FCVT.D.S. */
    public long singleToDouble(long x) {
        return Format.SINGLE.isNan(x) ? soft.convert(Format.SINGLE, Format.DOUBLE, x, 0) : bits((double) s(x));
    }

    /** FCVT.S.D. */
    public long doubleToSingle(long x, int mode) {
        float result = (float) d(x);
        if (mode == Rounding.NEAREST_EVEN && ordinary(result)) {
            inexactIf(result != d(x));
            return bits(result);
        }
        return soft.convert(Format.DOUBLE, Format.SINGLE, x, mode);
    }

    /** FCVT.fmt.W and L: from a signed integer. */
    public long fromSigned(boolean isDouble, long value, int mode) {
        if (isDouble && Math.abs(value) < 1L << 53) {
            return bits((double) value);
        }
        return soft.fromInteger(format(isDouble), value < 0, Math.abs(value), mode);
    }

    /** FCVT.fmt.WU and LU: from an unsigned integer. */
    public long fromUnsigned(boolean isDouble, long value, int mode) {
        return soft.fromInteger(format(isDouble), false, value, mode);
    }

    /** FCVT.L.fmt. */
    public long toSignedLong(boolean isDouble, long x, int mode) {
        return soft.toInteger(format(isDouble), x, Long.MIN_VALUE, Long.MAX_VALUE, mode);
    }

    /** FCVT.LU.fmt. */
    public long toUnsignedLong(boolean isDouble, long x, int mode) {
        return soft.toInteger(format(isDouble), x, 0, -1L, mode);
    }

    /** FCVT.W.fmt. */
    public long toSignedInt(boolean isDouble, long x, int mode) {
        return soft.toInteger(format(isDouble), x, Integer.MIN_VALUE, Integer.MAX_VALUE, mode);
    }

    /** FCVT.WU.fmt; the result is sign-extended as registers want it. */
    public long toUnsignedInt(boolean isDouble, long x, int mode) {
        return (int) soft.toInteger(format(isDouble), x, 0, 0xffffffffL, mode);
    }

    private static Format format(boolean isDouble) {
        return isDouble ? Format.DOUBLE : Format.SINGLE;
    }

    /** FEQ: quiet. */
    public long equal(boolean isDouble, long x, long y) {
        Format format = format(isDouble);
        if (format.isSignalling(x) || format.isSignalling(y)) {
            soft.raise(Rounding.INVALID);
        }
        return (isDouble ? d(x) == d(y) : s(x) == s(y)) ? 1 : 0;
    }

    /** FLT: signals any NaN. */
    public long less(boolean isDouble, long x, long y) {
        signalUnordered(format(isDouble), x, y);
        return (isDouble ? d(x) < d(y) : s(x) < s(y)) ? 1 : 0;
    }

    /** FLE: signals any NaN. */
    public long lessOrEqual(boolean isDouble, long x, long y) {
        signalUnordered(format(isDouble), x, y);
        return (isDouble ? d(x) <= d(y) : s(x) <= s(y)) ? 1 : 0;
    }

    private void signalUnordered(Format format, long x, long y) {
        if (format.isNan(x) || format.isNan(y)) {
            soft.raise(Rounding.INVALID);
        }
    }

    /** FMIN and FMAX: IEEE 754-2019 minimumNumber and maximumNumber; -0 is less than +0. */
    public long extreme(boolean isDouble, long x, long y, boolean wantMax) {
        Format format = format(isDouble);
        if (format.isSignalling(x) || format.isSignalling(y)) {
            soft.raise(Rounding.INVALID);
        }
        if (format.isNan(x)) {
            return format.isNan(y) ? format.canonicalNan : y;
        }
        if (format.isNan(y)) {
            return x;
        }
        boolean xNegative = (x >>> format.signShift & 1) != 0;
        boolean yNegative = (y >>> format.signShift & 1) != 0;
        boolean xLess = xNegative != yNegative ? xNegative : xNegative ? x > y : x < y;
        if (isDouble && xNegative && yNegative) {
            xLess = Long.compareUnsigned(x, y) > 0;
        }
        return xLess != wantMax ? x : y;
    }

    /** FCLASS: one bit of ten. */
    public long classify(boolean isDouble, long x) {
        Format format = format(isDouble);
        if (format.isNan(x)) {
            return format.isSignalling(x) ? 1 << 8 : 1 << 9;
        }
        boolean negative = (x >>> format.signShift & 1) != 0;
        long magnitude = x & ((1L << format.signShift) - 1);
        int size = magnitude == 0 ? 0 : magnitude <= format.fractionMask ? 1 : magnitude < format.infinity ? 2 : 3;
        return negative ? 1 << (3 - size) : 1 << (4 + size);
    }
}
