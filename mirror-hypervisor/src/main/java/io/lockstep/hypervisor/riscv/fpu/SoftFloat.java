package io.lockstep.hypervisor.riscv.fpu;

import static io.lockstep.hypervisor.riscv.fpu.Rounding.DIVIDE_BY_ZERO;
import static io.lockstep.hypervisor.riscv.fpu.Rounding.DOWN;
import static io.lockstep.hypervisor.riscv.fpu.Rounding.INEXACT;
import static io.lockstep.hypervisor.riscv.fpu.Rounding.INVALID;
import static io.lockstep.hypervisor.riscv.fpu.Rounding.shiftJam;

/**
 * IEEE 754-2008 arithmetic on integers, for both formats. NaN results are always the canonical one. Flags accumulate in {@link #flags}.
 *
 * <p>Numbers are raw bits in a {@code long}; a single has the upper half zero. No allocation.
 */
final class SoftFloat {
    private final Parts a = new Parts();
    private final Parts b = new Parts();
    private final Parts c = new Parts();
    private int flags;
    private int sumMode;

    void raise(int more) {
        flags |= more;
    }

    int flags() {
        return flags;
    }

    void flags(int value) {
        flags = value;
    }

    private long invalid(Format format) {
        raise(INVALID);
        return format.canonicalNan;
    }

    private long nan(Format format, boolean signalling) {
        if (signalling) {
            raise(INVALID);
        }
        return format.canonicalNan;
    }

    long add(Format format, long x, long y, int mode) {
        a.set(format, x);
        b.set(format, y);
        if (a.nan || b.nan) {
            return nan(format, a.signalling || b.signalling);
        }
        if (a.infinite || b.infinite) {
            if (a.infinite && b.infinite && a.negative != b.negative) {
                return invalid(format);
            }
            return a.infinite ? x : y;
        }
        if (a.zero && b.zero) {
            return a.negative == b.negative ? x : format.signed(mode == DOWN, 0);
        }
        if (a.zero || b.zero) {
            return a.zero ? y : x;
        }
        boolean aLarger = a.exponent > b.exponent || (a.exponent == b.exponent && a.significand >= b.significand);
        return aLarger ? addOrdered(format, a, b, mode) : addOrdered(format, b, a, mode);
    }

    private long addOrdered(Format format, Parts large, Parts small, int mode) {
        long shifted = shiftJam(small.significand, large.exponent - small.exponent);
        if (large.negative == small.negative) {
            return packUnsigned(format, large.negative, large.exponent, large.significand + shifted, mode);
        }
        long difference = large.significand - shifted;
        if (difference == 0) {
            return format.signed(mode == DOWN, 0);
        }
        int up = Long.numberOfLeadingZeros(difference) - 1;
        return Rounding.pack(this, format, large.negative, large.exponent - up, difference << up, mode);
    }

    /** Packs a significand whose leading one is at bit 62 or 63. */
    private long packUnsigned(Format format, boolean negative, int exponent, long significand, int mode) {
        return significand < 0
                ? Rounding.pack(this, format, negative, exponent + 1, shiftJam(significand, 1), mode)
                : Rounding.pack(this, format, negative, exponent, significand, mode);
    }

    long multiply(Format format, long x, long y, int mode) {
        a.set(format, x);
        b.set(format, y);
        if (a.nan || b.nan) {
            return nan(format, a.signalling || b.signalling);
        }
        boolean negative = a.negative != b.negative;
        if (a.infinite || b.infinite) {
            return a.zero || b.zero ? invalid(format) : format.signed(negative, format.infinity);
        }
        if (a.zero || b.zero) {
            return format.signed(negative, 0);
        }
        long high = Math.multiplyHigh(a.significand, b.significand);
        long low = a.significand * b.significand;
        long product = high << 2 | low >>> 62 | (low << 2 == 0 ? 0 : 1);
        return packUnsigned(format, negative, a.exponent + b.exponent, product, mode);
    }

    long divide(Format format, long x, long y, int mode) {
        a.set(format, x);
        b.set(format, y);
        if (a.nan || b.nan) {
            return nan(format, a.signalling || b.signalling);
        }
        boolean negative = a.negative != b.negative;
        if (a.infinite) {
            return b.infinite ? invalid(format) : format.signed(negative, format.infinity);
        }
        if (b.infinite) {
            return format.signed(negative, 0);
        }
        if (b.zero) {
            if (a.zero) {
                return invalid(format);
            }
            raise(DIVIDE_BY_ZERO);
            return format.signed(negative, format.infinity);
        }
        if (a.zero) {
            return format.signed(negative, 0);
        }
        return divideFinite(format, negative, mode);
    }

    private long divideFinite(Format format, boolean negative, int mode) {
        int exponent = a.exponent - b.exponent;
        long remainder = a.significand;
        long divisor = b.significand;
        if (remainder < divisor) {
            remainder <<= 1;
            exponent--;
        }
        remainder -= divisor;
        long quotient = 1;
        for (int i = 0; i < Parts.TOP; i++) {
            remainder <<= 1;
            quotient <<= 1;
            if (Long.compareUnsigned(remainder, divisor) >= 0) {
                remainder -= divisor;
                quotient |= 1;
            }
        }
        return Rounding.pack(this, format, negative, exponent, quotient | (remainder == 0 ? 0 : 1), mode);
    }

    long squareRoot(Format format, long x, int mode) {
        a.set(format, x);
        if (a.nan) {
            return nan(format, a.signalling);
        }
        if (a.zero) {
            return x;
        }
        if (a.negative) {
            return invalid(format);
        }
        if (a.infinite) {
            return x;
        }
        // The root of an even power of two times a 112-bit integer: 56 bits, two bits of the radicand for each.
        int exponent = a.exponent & ~1;
        long radicand = a.exponent == exponent ? a.significand : a.significand << 1;
        long root = 0;
        long remainder = 0;
        for (int k = 55; k >= 0; k--) {
            long two = k >= 24 ? radicand >>> (2 * k - 48) & 3 : 0;
            remainder = remainder << 2 | two;
            long trial = root << 2 | 1;
            root <<= 1;
            if (remainder >= trial) {
                remainder -= trial;
                root |= 1;
            }
        }
        return Rounding.pack(this, format, false, exponent >> 1, root << 7 | (remainder == 0 ? 0 : 1), mode);
    }

    /** {@code x * y + z}, rounded once. */
    long multiplyAdd(Format format, long x, long y, long z, int mode) {
        a.set(format, x);
        b.set(format, y);
        c.set(format, z);
        boolean negative = a.negative != b.negative;
        if ((a.infinite && b.zero) || (a.zero && b.infinite)) {
            return invalid(format); // also if z is a quiet NaN
        }
        if (a.nan || b.nan || c.nan) {
            return nan(format, a.signalling || b.signalling || c.signalling);
        }
        if (a.infinite || b.infinite) {
            return c.infinite && c.negative != negative ? invalid(format) : format.signed(negative, format.infinity);
        }
        if (c.infinite) {
            return z;
        }
        if (a.zero || b.zero) {
            if (c.zero) {
                return negative == c.negative ? z : format.signed(mode == DOWN, 0);
            }
            return z;
        }
        return multiplyAddFinite(format, negative, mode);
    }

    /** In 128 bits, leading ones of both summands at bit 125. */
    private long multiplyAddFinite(Format format, boolean negative, int mode) {
        sumMode = mode;
        long high = Math.multiplyHigh(a.significand, b.significand);
        long low = a.significand * b.significand;
        int exponent = a.exponent + b.exponent;
        if (high >>> 61 == 0) {
            high = high << 1 | low >>> 63;
            low <<= 1;
        } else {
            exponent++;
        }
        if (c.zero) {
            return packWide(format, negative, exponent, high, low, mode);
        }
        long otherHigh = c.significand >>> 1;
        long otherLow = c.significand << 63;
        int distance = exponent - c.exponent;
        boolean productLarger = distance > 0
                || (distance == 0
                        && (high > otherHigh || (high == otherHigh && Long.compareUnsigned(low, otherLow) >= 0)));
        if (productLarger) {
            long small = jamLow(otherHigh, otherLow, distance);
            long smallHigh = distance < 64 ? otherHigh >>> distance : 0;
            return sum(format, negative, negative == c.negative, exponent, high, low, smallHigh, small);
        }
        long small = jamLow(high, low, -distance);
        long smallHigh = -distance < 64 ? high >>> -distance : 0;
        boolean same = negative == c.negative;
        return sum(format, c.negative, same, c.exponent, otherHigh, otherLow, smallHigh, small);
    }

    /** The lower half of a 128-bit number shifted right, with a sticky lowest bit. */
    private static long jamLow(long high, long low, int distance) {
        if (distance == 0) {
            return low;
        }
        if (distance < 64) {
            return high << -distance | low >>> distance | (low << -distance == 0 ? 0 : 1);
        }
        if (distance == 64) {
            return high | (low == 0 ? 0 : 1);
        }
        return shiftJam(high, distance - 64) | (low == 0 ? 0 : 1);
    }

    /** Of {@code h:l} and the smaller {@code sh:sl}. */
    private long sum(Format f, boolean negative, boolean same, int exponent, long h, long l, long sh, long sl) {
        if (same) {
            long low = l + sl;
            long high = h + sh + (Long.compareUnsigned(low, l) < 0 ? 1 : 0);
            return packWide(f, negative, exponent, high, low, sumMode);
        }
        long low = l - sl;
        long high = h - sh - (Long.compareUnsigned(l, sl) < 0 ? 1 : 0);
        if ((high | low) == 0) {
            return f.signed(sumMode == DOWN, 0);
        }
        return packWide(f, negative, exponent, high, low, sumMode);
    }

    /** Packs {@code (high:low) * 2^(exponent - 125)}, not zero. */
    private long packWide(Format format, boolean negative, int exponent, long high, long low, int mode) {
        int lead = high == 0 ? 64 + Long.numberOfLeadingZeros(low) : Long.numberOfLeadingZeros(high);
        int shift = lead - 1; // to the left, so that the leading one is at bit 126: bit 62 of the upper half
        long upper;
        long rest;
        if (shift == 0) {
            upper = high;
            rest = low;
        } else if (shift < 64) {
            upper = high << shift | low >>> -shift;
            rest = low << shift;
        } else {
            upper = low << (shift - 64);
            rest = 0;
        }
        return Rounding.pack(this, format, negative, exponent + 1 - shift, upper | (rest == 0 ? 0 : 1), mode);
    }

    /** To another format. */
    long convert(Format from, Format to, long x, int mode) {
        a.set(from, x);
        if (a.nan) {
            return nan(to, a.signalling);
        }
        if (a.infinite || a.zero) {
            return to.signed(a.negative, a.zero ? 0 : to.infinity);
        }
        return Rounding.pack(this, to, a.negative, a.exponent, a.significand, mode);
    }

    /** From an integer: its magnitude (unsigned) and sign. */
    long fromInteger(Format to, boolean negative, long magnitude, int mode) {
        if (magnitude == 0) {
            return 0;
        }
        int up = Long.numberOfLeadingZeros(magnitude) - 1;
        long significand = up < 0 ? shiftJam(magnitude, 1) : magnitude << up;
        return Rounding.pack(this, to, negative, Parts.TOP - up, significand, mode);
    }

    /**
     * To an integer between {@code min} and {@code max}; {@code max} is unsigned. Out of range raises INVALID only and gives the nearest limit; a NaN
     * gives {@code max}.
     */
    long toInteger(Format from, long x, long min, long max, int mode) {
        a.set(from, x);
        if (a.nan) {
            raise(INVALID);
            return max;
        }
        if (a.zero) {
            return 0;
        }
        long limit = a.negative ? -min : max;
        if (a.infinite || a.exponent > 63) {
            raise(INVALID);
            return a.negative ? min : max;
        }
        // One bit of fraction and a sticky bit are enough to round.
        long magnitude =
                a.exponent == 63 ? a.significand << 1 : a.exponent < -1 ? 0 : a.significand >>> (62 - a.exponent);
        long rest = a.exponent >= Parts.TOP ? 0 : a.exponent < -1 ? 1 : a.significand << (a.exponent + 2);
        if (rest != 0 && a.exponent < -1) {
            rest = 1; // far below a half
        }
        boolean up =
                switch (mode) {
                    case Rounding.TOWARD_ZERO -> false;
                    case DOWN -> a.negative && rest != 0;
                    case Rounding.UP -> !a.negative && rest != 0;
                    case Rounding.NEAREST_AWAY -> rest < 0;
                    default -> rest < 0 && (rest != Long.MIN_VALUE || (magnitude & 1) != 0);
                };
        magnitude += up ? 1 : 0;
        if ((up && magnitude == 0) || Long.compareUnsigned(magnitude, limit) > 0) {
            raise(INVALID);
            return a.negative ? min : max;
        }
        if (rest != 0) {
            raise(INEXACT);
        }
        return a.negative ? -magnitude : magnitude;
    }
}
