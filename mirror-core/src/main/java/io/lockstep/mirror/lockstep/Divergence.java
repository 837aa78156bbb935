package io.lockstep.mirror.lockstep;

/**
 * The two machines are not equal (invariant I6). The mirror has stopped.
 *
 * @param what in which respect
 * @param count instruction count at which it was noticed
 * @param page the first page that differs, -1 if it is not a page
 * @param expected the primary's value: a digest, for {@link What#EXECUTION} the instruction count
 * @param actual the secondary's value
 */
public record Divergence(What what, long count, long page, long expected, long actual) {
    /** What differs. */
    public enum What {
        /** Memory. */
        MEMORY,
        /** Registers, devices, clock: everything of the machine but memory. */
        STATE,
        /** The secondary's guest waits or has ended where the primary's went on. */
        EXECUTION
    }

    @Override
    public String toString() {
        return "DIVERGENCE of " + what + " at instruction " + count + (page < 0 ? "" : ", page " + page)
                + ": primary has " + Long.toHexString(expected) + ", secondary " + Long.toHexString(actual);
    }
}
