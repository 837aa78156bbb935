package io.lockstep.redirect.epoch;

/**
 * How an {@link EpochDisk} is made. The same on both hosts.
 *
 * @param topology what the two hosts write to
 * @param overlayBlocks blocks of 4 KiB that can be held in memory, all of it taken at start, from 1,024 to 262,144 (1 GiB). A replica
 *     says it has no room when half of it is taken
 * @param highWaterBlocks so many blocks held: time for a checkpoint; at most a quarter of {@code overlayBlocks}
 * @param reserveBlocks kept free for what the guest has under way when it is paused: the depth of its queue times its largest request;
 *     high water and reserve together at most half of {@code overlayBlocks}
 * @param maxTransfer largest READ or WRITE in bytes, a power of two from 4 KiB to 512 KiB
 */
public record EpochDiskConfig(
        Topology topology, int overlayBlocks, int highWaterBlocks, int reserveBlocks, int maxTransfer) {
    /** What the two hosts write to. */
    public enum Topology {
        /** Each host has a copy of its own. */
        COPIES,
        /** Both reach the same disk; only its owner writes. */
        SHARED
    }

    private static final int LEAST_BLOCKS = 1 << 10;
    private static final int MOST_BLOCKS = 1 << 18;
    private static final int LARGEST_TRANSFER = 512 << 10;

    /** Checks every value. */
    public EpochDiskConfig {
        require(
                overlayBlocks >= LEAST_BLOCKS && overlayBlocks <= MOST_BLOCKS,
                "overlayBlocks",
                overlayBlocks,
                "from 1,024 to 262,144");
        require(
                maxTransfer >= Overlay.BLOCK && maxTransfer <= LARGEST_TRANSFER && Integer.bitCount(maxTransfer) == 1,
                "maxTransfer",
                maxTransfer,
                "a power of two from 4 KiB to 512 KiB");
        require(
                highWaterBlocks > 0 && highWaterBlocks <= overlayBlocks / 4,
                "highWaterBlocks",
                highWaterBlocks,
                "positive and at most a quarter of overlayBlocks, " + overlayBlocks);
        require(
                reserveBlocks >= maxTransfer / Overlay.BLOCK && reserveBlocks <= overlayBlocks / 2 - highWaterBlocks,
                "reserveBlocks",
                reserveBlocks,
                "at least one transfer, and with highWaterBlocks at most half of overlayBlocks, " + overlayBlocks);
    }

    /**
     * 128 MiB, of which a guest fills 64: checkpoints from 16 MiB on, 40 MiB for a pause (a queue of 32 requests of 1.25 MiB, Linux'
     * largest). Requests of 256 KiB.
     */
    public static EpochDiskConfig standard(Topology topology) {
        return new EpochDiskConfig(topology, 32_768, 4_096, 10_240, 256 << 10);
    }

    /** Blocks a guest may have on hold: the other half is for the same guest's epochs when this host follows. */
    int heldLimit() {
        return overlayBlocks / 2;
    }

    private static void require(boolean legal, String key, long value, String allowed) {
        if (!legal) {
            throw new IllegalArgumentException(key + " is " + value + ": must be " + allowed);
        }
    }
}
