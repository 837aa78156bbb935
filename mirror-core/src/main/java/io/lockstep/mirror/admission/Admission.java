package io.lockstep.mirror.admission;

import java.util.ArrayList;
import java.util.List;

/**
 * Decides whether a host can take a guest as its secondary. The guest needs its memory in the run directory (reserved at once), as much
 * again as room to stage an epoch in the worst case (taken only when touched), and some for the standby's process.
 *
 * <p>Pure; from any thread.
 */
public final class Admission {
    /** Memory of a standby process besides the guest's. */
    public static final long STANDBY_OVERHEAD = 64L << 20;

    /**
     * What a host has. Sizes in bytes.
     *
     * @param memoryLimit most memory to reserve for guests of other hosts
     * @param reserved memory already reserved for them
     * @param available memory that is free or can be freed
     * @param runDirFree space left in the run directory
     */
    public record HostOffer(long memoryLimit, long reserved, long available, long runDirFree) {}

    private Admission() {}

    /** Every reason against taking a guest with {@code memory} bytes of RAM; empty if it is admitted. */
    public static List<String> reasonsAgainst(long memory, HostOffer offer) {
        List<String> reasons = new ArrayList<>();
        long wanted = memory + STANDBY_OVERHEAD;
        if (offer.reserved() + wanted > offer.memoryLimit()) {
            reasons.add("memory limit: the guest needs " + mib(wanted) + " (" + mib(memory) + " of RAM and "
                    + mib(STANDBY_OVERHEAD) + " for its standby), " + mib(offer.reserved()) + " of the limit of "
                    + mib(offer.memoryLimit()) + " are reserved");
        }
        if (wanted > offer.available()) {
            reasons.add(
                    "free memory: the guest needs " + mib(wanted) + ", " + mib(offer.available()) + " are available");
        }
        if (memory > offer.runDirFree()) {
            reasons.add("run directory: the guest needs " + mib(memory) + ", " + mib(offer.runDirFree()) + " are free");
        }
        return reasons;
    }

    private static String mib(long bytes) {
        return (bytes >> 20) + " MiB";
    }
}
