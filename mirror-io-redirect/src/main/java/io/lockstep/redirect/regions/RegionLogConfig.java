package io.lockstep.redirect.regions;

import java.nio.charset.StandardCharsets;

/**
 * How a region log is made.
 *
 * @param disk the disk's name, at most 64 bytes of UTF-8; a log of another disk is refused
 * @param diskBytes size of the disk in bytes; a log of a disk of another size is refused
 * @param regionBytes size of a region in bytes for a new log, a power of two from 4 KiB to 64 MiB; an old one keeps its own
 * @param lazyNs how long a cleared region may stay marked in the file, in nanoseconds
 * @param retryNs how long to wait after a failed write before the next attempt, in nanoseconds
 */
public record RegionLogConfig(String disk, long diskBytes, int regionBytes, long lazyNs, long retryNs) {
    /** Most regions a log can have: its memory is four bits each. */
    public static final int MAX_REGIONS = 1 << 24;

    private static final int LEAST_REGION = 4 << 10;
    private static final int LARGEST_REGION = 64 << 20;
    private static final int USUAL_LEAST = 64 << 10;
    private static final long USUAL_REGIONS = 1 << 20;
    private static final long SECOND_NS = 1_000_000_000L;

    /** Checks every value. */
    public RegionLogConfig {
        int nameBytes = disk.getBytes(StandardCharsets.UTF_8).length;
        require(
                nameBytes > 0 && nameBytes <= LogLayout.MAX_NAME,
                "bytes in the disk's name",
                nameBytes,
                "from 1 to 64");
        require(diskBytes > 0, "diskBytes", diskBytes, "positive");
        require(
                regionBytes >= LEAST_REGION && regionBytes <= LARGEST_REGION && Integer.bitCount(regionBytes) == 1,
                "regionBytes",
                regionBytes,
                "a power of two from 4 KiB to 64 MiB");
        require(
                (diskBytes - 1) / regionBytes < MAX_REGIONS,
                "regionBytes",
                regionBytes,
                "so large that a disk of " + diskBytes + " bytes has at most " + MAX_REGIONS + " regions");
        require(lazyNs >= 0, "lazyNs", lazyNs, "0 or more");
        require(retryNs > 0, "retryNs", retryNs, "positive");
    }

    /** Regions of 64 KiB, larger for disks of more than 64 GiB; cleared and tried again after a second. */
    public static RegionLogConfig of(String disk, long diskBytes) {
        int region = USUAL_LEAST;
        while (region < LARGEST_REGION && diskBytes / region > USUAL_REGIONS) {
            region <<= 1;
        }
        return new RegionLogConfig(disk, diskBytes, region, SECOND_NS, SECOND_NS);
    }

    /** The same with another size of region. */
    public RegionLogConfig withRegionBytes(int bytes) {
        return new RegionLogConfig(disk, diskBytes, bytes, lazyNs, retryNs);
    }

    private static void require(boolean legal, String key, long value, String allowed) {
        if (!legal) {
            throw new IllegalArgumentException(key + " is " + value + ": must be " + allowed);
        }
    }
}
