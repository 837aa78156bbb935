package io.lockstep.redirect.epoch;

/**
 * Which sets of the {@link Overlay} the epochs of this numbering are. Remembers the newest ones; about older ones it knows less than it
 * could, never more.
 */
final class EpochNumbers {
    private static final int SIZE = 1024;

    private final long[] sets = new long[SIZE];
    private final long[] epochs = new long[SIZE];
    private int first;
    private int count;

    /** The set of an epoch; epochs grow. */
    void add(long set, long epoch) {
        if (count == SIZE) {
            first = (first + 1) & (SIZE - 1);
            count--;
        }
        int at = (first + count++) & (SIZE - 1);
        sets[at] = set;
        epochs[at] = epoch;
    }

    /** The newest set that surely belongs to an epoch up to this one; 0 if none is known. */
    long setUpTo(long epoch) {
        for (int i = count - 1; i >= 0; i--) {
            int at = (first + i) & (SIZE - 1);
            if (epochs[at] <= epoch) {
                return sets[at];
            }
        }
        return 0;
    }

    /** The newest epoch that surely is in the sets up to this one; 0 if none is known. */
    long epochUpTo(long set) {
        for (int i = count - 1; i >= 0; i--) {
            int at = (first + i) & (SIZE - 1);
            if (sets[at] <= set) {
                return epochs[at];
            }
        }
        return 0;
    }

    /** Another primary numbers from now on. */
    void clear() {
        count = 0;
    }
}
