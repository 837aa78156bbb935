package io.lockstep.mirror.lockstep;

import java.util.ArrayList;
import java.util.List;

/**
 * How a machine is kept in lockstep. The secondary's buffer for the log follows from {@code maxLagBytes}; a primary with a larger one is refused.
 *
 * @param sliceInstructions most instructions in one call of {@code doWork}
 * @param digestInstructions instructions from one digest to the next
 * @param maxLagInstructions most instructions that the primary is ahead of what the secondary has executed
 * @param maxLagBytes most bytes of log that the secondary has not executed yet, a power of two
 * @param heldOutputBytes room for outputs that wait, a power of two
 * @param clockNs time after which a guest that computes is told the time, in nanoseconds
 * @param scrubPages pages that the secondary compares at each digest, one after the other, although nobody wrote to them
 */
public record LockstepPolicy(
        long sliceInstructions,
        long digestInstructions,
        long maxLagInstructions,
        int maxLagBytes,
        int heldOutputBytes,
        long clockNs,
        int scrubPages) {
    private static final int LEAST_LAG = 1 << 14;
    private static final int LEAST_HELD = 1 << 19;
    private static final int MOST = 1 << 28;

    /** Checks every value and reports every error at once. */
    public LockstepPolicy {
        List<String> errors = new ArrayList<>();
        check(errors, sliceInstructions >= 1, "sliceInstructions", sliceInstructions, "at least 1");
        check(errors, digestInstructions >= 1, "digestInstructions", digestInstructions, "at least 1");
        check(
                errors,
                maxLagInstructions >= sliceInstructions,
                "maxLagInstructions",
                maxLagInstructions,
                "at least sliceInstructions");
        check(
                errors,
                powerOfTwo(maxLagBytes, LEAST_LAG),
                "maxLagBytes",
                maxLagBytes,
                "a power of two from 16384 to 2^28");
        check(
                errors,
                powerOfTwo(heldOutputBytes, LEAST_HELD),
                "heldOutputBytes",
                heldOutputBytes,
                "a power of two from 524288 to 2^28");
        check(errors, clockNs >= 1000, "clockNs", clockNs, "at least 1000");
        check(errors, scrubPages >= 0, "scrubPages", scrubPages, "not negative");
        if (!errors.isEmpty()) {
            throw new IllegalArgumentException(String.join("; ", errors));
        }
    }

    /** Slices of a millisecond at 100 million instructions per second, a digest each tenth of a second, a lag of two tenths. */
    public static LockstepPolicy standard() {
        return new LockstepPolicy(100_000, 10_000_000, 20_000_000, 1 << 20, 1 << 20, 1_000_000, 64);
    }

    /** The longest event: several fit into the window, and one into a frame of {@code maxBulkLength} bytes. */
    int maxEventBytes(int maxBulkLength) {
        return Math.min(maxLagBytes / 4, maxBulkLength - LogDescriptor.HEADER_LENGTH - LogDescriptor.space(Long.BYTES));
    }

    private static boolean powerOfTwo(int value, int least) {
        return value >= least && value <= MOST && Integer.bitCount(value) == 1;
    }

    private static void check(List<String> errors, boolean legal, String key, long value, String allowed) {
        if (!legal) {
            errors.add(key + " is " + value + ": must be " + allowed);
        }
    }
}
