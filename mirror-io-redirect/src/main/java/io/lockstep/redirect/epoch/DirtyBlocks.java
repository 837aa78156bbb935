package io.lockstep.redirect.epoch;

import io.lockstep.mirror.memory.PageSet;

/** Blocks written since they were last collected: a bitmap, and a bitmap of its words, so that collecting few costs little. */
final class DirtyBlocks {
    private final long[] words;
    private final long[] summary;

    DirtyBlocks(long blocks) {
        words = new long[Math.toIntExact((blocks + 63) >>> 6)];
        summary = new long[(words.length + 63) >>> 6];
    }

    void add(long block) {
        int word = (int) (block >>> 6);
        words[word] |= 1L << block;
        summary[word >>> 6] |= 1L << word;
    }

    boolean contains(long block) {
        return (words[(int) (block >>> 6)] & 1L << block) != 0;
    }

    void addRange(long from, long end) {
        for (long block = from; block < end; block++) {
            add(block);
        }
    }

    /** Adds them, block 0 as page {@code firstPage}; forgets them if {@code take}. */
    void collect(PageSet into, long firstPage, boolean take) {
        for (int i = 0; i < summary.length; i++) {
            for (long left = summary[i]; left != 0; left &= left - 1) {
                int word = (i << 6) + Long.numberOfTrailingZeros(left);
                for (long bits = words[word]; bits != 0; bits &= bits - 1) {
                    into.add(firstPage + ((long) word << 6) + Long.numberOfTrailingZeros(bits));
                }
                words[word] = take ? 0 : words[word];
            }
            summary[i] = take ? 0 : summary[i];
        }
    }

    /** Forgets all. */
    void clear() {
        java.util.Arrays.fill(words, 0);
        java.util.Arrays.fill(summary, 0);
    }
}
