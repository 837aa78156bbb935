package io.lockstep.redirect.copies;

import java.util.Arrays;

/** Some of a disk's regions. */
final class RegionSet {
    private final int regions;
    private final long[] words;
    private int count;

    RegionSet(int regions) {
        this.regions = regions;
        this.words = new long[(regions - 1) / Long.SIZE + 1];
    }

    void add(int region) {
        if (!contains(region)) {
            words[region >>> 6] |= 1L << region;
            count++;
        }
    }

    void remove(int region) {
        if (contains(region)) {
            words[region >>> 6] &= ~(1L << region);
            count--;
        }
    }

    boolean contains(int region) {
        return (words[region >>> 6] & 1L << region) != 0;
    }

    /** The first one from there on, or -1. */
    int next(int from) {
        if (from >= regions) {
            return -1;
        }
        int word = from >>> 6;
        long bits = words[word] & -1L << from;
        while (bits == 0) {
            if (++word == words.length) {
                return -1;
            }
            bits = words[word];
        }
        return (word << 6) + Long.numberOfTrailingZeros(bits);
    }

    int count() {
        return count;
    }

    void clear() {
        Arrays.fill(words, 0);
        count = 0;
    }
}
