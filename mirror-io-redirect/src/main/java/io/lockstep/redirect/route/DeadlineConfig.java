package io.lockstep.redirect.route;

/**
 * When a request that does not end counts as a stall. The limit is {@code max(floor, factor x p99)} of what ended lately, at most
 * {@code ceiling}, and {@code perMibNs} more for each MiB of the request. A factor of 0 makes it the floor, always. Times in nanoseconds.
 *
 * @param floorNs least limit of READ, WRITE and STATUS
 * @param slowFloorNs least limit of FLUSH, DISCARD and WRITE_ZEROES, which may be slow on a path that is well
 * @param ceilingNs greatest limit
 * @param factor times the 99th percentile
 * @param perMibNs allowance for each MiB
 * @param windowNs the 99th percentile is of the last one to two windows
 */
public record DeadlineConfig(long floorNs, long slowFloorNs, long ceilingNs, int factor, long perMibNs, long windowNs) {
    /** A quarter of a second, or 20 times what is usual. */
    public static final DeadlineConfig DEFAULT =
            new DeadlineConfig(250_000_000L, 2_000_000_000L, 10_000_000_000L, 20, 10_000_000L, 10_000_000_000L);

    private static final int MOST_FACTOR = 1000;

    /** Checks every value. */
    public DeadlineConfig {
        require(floorNs > 0, "deadline.floorNs", floorNs, "positive");
        require(slowFloorNs >= floorNs, "deadline.slowFloorNs", slowFloorNs, "at least floorNs, " + floorNs);
        require(ceilingNs >= slowFloorNs, "deadline.ceilingNs", ceilingNs, "at least slowFloorNs, " + slowFloorNs);
        require(factor >= 0 && factor <= MOST_FACTOR, "deadline.factor", factor, "from 0 to " + MOST_FACTOR);
        require(perMibNs >= 0 && perMibNs <= 1L << 40, "deadline.perMibNs", perMibNs, "from 0 to 2^40");
        require(windowNs > 0, "deadline.windowNs", windowNs, "positive");
    }

    private static void require(boolean legal, String key, long value, String allowed) {
        if (!legal) {
            throw new IllegalArgumentException(key + " is " + value + ": must be " + allowed);
        }
    }
}
