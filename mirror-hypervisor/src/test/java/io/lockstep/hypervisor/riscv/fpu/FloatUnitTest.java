package io.lockstep.hypervisor.riscv.fpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Against exact decimal arithmetic, and the fast ways against the integer ones. */
final class FloatUnitTest {
    private static final int ROUNDS = 50_000;
    private static final RoundingMode[] MODES = {
        RoundingMode.HALF_EVEN, RoundingMode.DOWN, RoundingMode.FLOOR, RoundingMode.CEILING, RoundingMode.HALF_UP
    };

    private final FloatUnit unit = new FloatUnit();
    private final SoftFloat soft = new SoftFloat();

    private static double number(Random random) {
        long exponent =
                switch (random.nextInt(4)) {
                    case 0 -> random.nextInt(2047);
                    case 1 -> random.nextInt(3);
                    default -> 1000 + random.nextInt(60);
                };
        long fraction = random.nextInt(3) == 0 ? random.nextLong() & 0xfffL << 40 : random.nextLong() >>> 12;
        return Double.longBitsToDouble((long) random.nextInt(2) << 63 | exponent << 52 | fraction);
    }

    /** The double that an exact value rounds to, and whether it is another one: by scaling to the last place and rounding there. */
    private static long round(BigDecimal exact, int mode) {
        if (exact.signum() == 0) {
            return 0;
        }
        BigDecimal two = BigDecimal.valueOf(2);
        int exponent = Math.max(-1022, binaryExponent(exact.abs()));
        BigDecimal ulp = exponent - 52 >= 0
                ? two.pow(exponent - 52)
                : BigDecimal.ONE.divide(two.pow(52 - exponent), MathContext.UNLIMITED);
        BigDecimal places = exact.divide(ulp, MathContext.UNLIMITED).setScale(0, MODES[mode]);
        double result = places.multiply(ulp).doubleValue();
        boolean overflow = places.abs().multiply(ulp).compareTo(new BigDecimal(Double.MAX_VALUE)) > 0;
        if (overflow) {
            boolean away = mode == (exact.signum() > 0 ? 3 : 2);
            boolean up = mode == 0 || mode == 4 || away;
            result = Math.copySign(up ? Double.POSITIVE_INFINITY : Double.MAX_VALUE, exact.signum());
        }
        return Double.doubleToRawLongBits(exact.signum() < 0 && result == 0 ? -0.0 : result);
    }

    private static int binaryExponent(BigDecimal value) {
        // value = unscaled / 10^scale: compare powers of two around the estimate.
        int estimate = (int) Math.floor((value.precision() - value.scale()) * 3.321928094887362) + 1;
        BigDecimal two = BigDecimal.valueOf(2);
        while (true) {
            BigDecimal power = estimate >= 0
                    ? two.pow(estimate)
                    : BigDecimal.ONE.divide(two.pow(-estimate), MathContext.UNLIMITED);
            if (power.compareTo(value) <= 0) {
                return estimate;
            }
            estimate--;
        }
    }

    @Test
    void shouldRoundSumsProductsAndFusedOnesExactly() {
        long seed = 20261125;
        Random random = new Random(seed);
        for (int i = 0; i < 1_000; i++) {
            double a = number(random);
            double b = number(random);
            double c = random.nextInt(4) == 0 ? -a * b : number(random);
            if (!Double.isFinite(a) || !Double.isFinite(b) || !Double.isFinite(c)) {
                continue;
            }
            int mode = random.nextInt(5);
            BigDecimal x = new BigDecimal(a);
            BigDecimal y = new BigDecimal(b);
            BigDecimal z = new BigDecimal(c);
            String what = "seed " + seed + ": " + a + ", " + b + ", " + c + ", mode " + mode;
            check(x.add(y), unit.addDouble(bits(a), bits(b), mode), mode, what);
            check(x.multiply(y), unit.multiplyDouble(bits(a), bits(b), mode), mode, what);
            check(x.multiply(y).add(z), unit.multiplyAddDouble(bits(a), bits(b), bits(c), mode), mode, what);
        }
    }

    private void check(BigDecimal exact, long found, int mode, String what) {
        if (exact.signum() != 0) {
            assertEquals(Long.toHexString(round(exact, mode)), Long.toHexString(found), what);
            boolean inexact = !Double.isFinite(Double.longBitsToDouble(found))
                    || new BigDecimal(Double.longBitsToDouble(found)).compareTo(exact) != 0;
            assertEquals(inexact, (unit.flags() & Rounding.INEXACT) != 0, what);
        }
        unit.flags(0);
    }

    private static long bits(double value) {
        return Double.doubleToRawLongBits(value);
    }

    @Test
    void shouldTakeRootsExactly() {
        Random random = new Random(7);
        for (int i = 0; i < 1_000; i++) {
            double a = Math.abs(number(random));
            if (!Double.isFinite(a) || a == 0) {
                continue;
            }
            double down = Double.longBitsToDouble(unit.rootDouble(bits(a), Rounding.DOWN));
            double up = Double.longBitsToDouble(unit.rootDouble(bits(a), Rounding.UP));
            BigDecimal exact = new BigDecimal(a);
            assertEquals(true, new BigDecimal(down).pow(2).compareTo(exact) <= 0, "root of " + a);
            assertEquals(true, new BigDecimal(up).pow(2).compareTo(exact) >= 0, "root of " + a);
            assertEquals(true, up == down || up == Math.nextUp(down), "root of " + a);
            assertEquals(Math.sqrt(a), Double.longBitsToDouble(unit.rootDouble(bits(a), 0)));
        }
    }

    @Test
    void shouldGiveTheSameOnTheFastWayAndTheSlowOne() {
        long seed = 4711;
        Random random = new Random(seed);
        for (int i = 0; i < ROUNDS; i++) {
            long a = bits(number(random));
            long b = bits(number(random));
            long c = bits(number(random));
            int before = random.nextInt(2);
            String what = "seed " + seed + ": " + Long.toHexString(a) + ", " + Long.toHexString(b);
            prepare(before);
            same(soft.add(Format.DOUBLE, a, b, 0), unit.addDouble(a, b, 0), what);
            same(soft.multiply(Format.DOUBLE, a, b, 0), unit.multiplyDouble(a, b, 0), what);
            prepare(before);
            same(soft.divide(Format.DOUBLE, a, b, 0), unit.divideDouble(a, b, 0), what);
            same(soft.multiplyAdd(Format.DOUBLE, a, b, c, 0), unit.multiplyAddDouble(a, b, c, 0), what);
            prepare(before);
            same(soft.squareRoot(Format.DOUBLE, a, 0), unit.rootDouble(a, 0), what);
            same(soft.convert(Format.DOUBLE, Format.SINGLE, a, 0), unit.doubleToSingle(a, 0), what);
            singles(a, b, c, before, what);
        }
    }

    private void singles(long a, long b, long c, int before, String what) {
        long x = a >>> 32;
        long y = b >>> 32;
        prepare(before);
        same(soft.add(Format.SINGLE, x, y, 0), unit.addSingle(x, y, 0), what);
        same(soft.multiply(Format.SINGLE, x, y, 0), unit.multiplySingle(x, y, 0), what);
        prepare(before);
        same(soft.divide(Format.SINGLE, x, y, 0), unit.divideSingle(x, y, 0), what);
        same(soft.squareRoot(Format.SINGLE, x, 0), unit.rootSingle(x, 0), what);
        prepare(before);
        same(soft.multiplyAdd(Format.SINGLE, x, y, c >>> 32, 0), unit.multiplyAddSingle(x, y, c >>> 32, 0), what);
    }

    private void prepare(int flags) {
        unit.flags(flags);
        soft.flags(flags);
    }

    private void same(long expected, long found, String what) {
        assertEquals(Long.toHexString(expected), Long.toHexString(found), what);
        assertEquals(soft.flags(), unit.flags(), what);
    }

    @Test
    void shouldConvertToIntegersWithTheLimitsOfTheType() {
        Random random = new Random(99);
        for (int i = 0; i < 4_000; i++) {
            double a = Math.scalb(number(random) % 1.0e30, random.nextInt(20) - 10);
            if (!Double.isFinite(a)) {
                continue;
            }
            int mode = random.nextInt(5);
            BigInteger exact = new BigDecimal(a).setScale(0, MODES[mode]).toBigInteger();
            BigInteger most = BigInteger.valueOf(Long.MAX_VALUE);
            BigInteger least = BigInteger.valueOf(Long.MIN_VALUE);
            assertEquals(
                    exact.min(most).max(least).longValue(), unit.toSignedLong(true, bits(a), mode), a + " " + mode);
            BigInteger word = BigInteger.ONE.shiftLeft(32).subtract(BigInteger.ONE);
            assertEquals(
                    exact.min(word).max(BigInteger.ZERO).intValue(),
                    unit.toUnsignedInt(true, bits(a), mode),
                    a + " " + mode);
        }
    }
}
