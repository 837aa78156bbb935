package io.lockstep.redirect.copies;

/** Whoever changes a range of the disk, or must not see it change. */
abstract class RangeHolder {
    long from;
    long to;
    boolean started;

    final boolean overlaps(long otherFrom, long otherTo) {
        return from < otherTo && otherFrom < to;
    }

    /** Every earlier holder of a part of the range has let go. */
    abstract void start();
}
