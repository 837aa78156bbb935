package io.lockstep.redirect.block;

/**
 * What a disk looks like.
 *
 * @param sizeBytes size, a multiple of {@code minBlock}
 * @param minBlock offsets and lengths must be multiples of it; a power of two from 1 to 64 KiB
 * @param preferredBlock requests of multiples of it are fastest; a power of two from 512 to 32 MiB
 * @param maxTransfer most bytes in one READ or WRITE, at most 32 MiB
 * @param readOnly true if nothing may be written
 * @param canDiscard false if DISCARD is not worth sending
 * @param fastZero true if WRITE_ZEROES is faster than writing zeroes
 */
public record BlockGeometry(
        long sizeBytes,
        int minBlock,
        int preferredBlock,
        int maxTransfer,
        boolean readOnly,
        boolean canDiscard,
        boolean fastZero) {
    /** The most bytes any layer moves in one request. */
    public static final int MAX_TRANSFER = 32 << 20;

    private static final int MAX_MIN_BLOCK = 64 << 10;
    private static final int LEAST_PREFERRED = 512;

    /** Checks every value. */
    public BlockGeometry {
        require(powerOfTwo(minBlock, 1, MAX_MIN_BLOCK), "minBlock", minBlock, "a power of two from 1 to 64 KiB");
        require(
                powerOfTwo(preferredBlock, Math.max(LEAST_PREFERRED, minBlock), MAX_TRANSFER),
                "preferredBlock",
                preferredBlock,
                "a power of two from 512 (and minBlock) to 32 MiB");
        require(
                maxTransfer >= preferredBlock && maxTransfer <= MAX_TRANSFER && maxTransfer % minBlock == 0,
                "maxTransfer",
                maxTransfer,
                "a multiple of minBlock from preferredBlock to 32 MiB");
        require(sizeBytes > 0 && sizeBytes % minBlock == 0, "sizeBytes", sizeBytes, "a positive multiple of minBlock");
    }

    /** True if every byte of the range exists. No overflow for any input. */
    public boolean contains(long offset, long length) {
        return offset >= 0 && length >= 0 && offset <= sizeBytes && length <= sizeBytes - offset;
    }

    /** True if offset and length are multiples of {@link #minBlock}. */
    public boolean isAligned(long offset, long length) {
        return ((offset | length) & (minBlock - 1)) == 0;
    }

    private static boolean powerOfTwo(int value, int least, int most) {
        return value >= least && value <= most && Integer.bitCount(value) == 1;
    }

    private static void require(boolean legal, String key, long value, String allowed) {
        if (!legal) {
            throw new IllegalArgumentException(key + " is " + value + ": must be " + allowed);
        }
    }
}
