package io.lockstep.mirror.memory;

/**
 * A set of page numbers of one region as a bitmap, 32 KiB per GiB of guest memory. Not thread-safe.
 */
public final class PageSet {
    private final long[] words;
    private final long pageCount;
    private long size;

    /** An empty set over pages {@code 0..pageCount-1}. */
    public PageSet(long pageCount) {
        if (pageCount <= 0) {
            throw new IllegalArgumentException("pageCount " + pageCount + " must be positive");
        }
        this.pageCount = pageCount;
        this.words = new long[Math.toIntExact((pageCount + 63) >>> 6)];
    }

    /** Number of pages the set ranges over. */
    public long pageCount() {
        return pageCount;
    }

    /** Number of pages in the set. */
    public long size() {
        return size;
    }

    /** True if no page is in the set. */
    public boolean isEmpty() {
        return size == 0;
    }

    /** True if the page is in the set. */
    public boolean contains(long page) {
        check(page);
        return (words[(int) (page >>> 6)] & (1L << page)) != 0;
    }

    /** Adds a page; false if it was in already. */
    public boolean add(long page) {
        check(page);
        int index = (int) (page >>> 6);
        long bit = 1L << page;
        boolean added = (words[index] & bit) == 0;
        words[index] |= bit;
        size += added ? 1 : 0;
        return added;
    }

    /** Adds pages {@code first..end-1}. */
    public void addRange(long first, long end) {
        for (long page = first; page < end; page++) {
            add(page);
        }
    }

    /** Adds 64 pages at once: bit i of {@code bits} is page {@code wordIndex * 64 + i}. */
    public void addWord(int wordIndex, long bits) {
        long last = (long) wordIndex << 6;
        if (last < 0 || last + 64 - Long.numberOfLeadingZeros(bits) > pageCount) {
            throw new IndexOutOfBoundsException("word " + wordIndex + " of a set of " + pageCount + " pages");
        }
        long before = words[wordIndex];
        words[wordIndex] = before | bits;
        size += Long.bitCount(before | bits) - Long.bitCount(before);
    }

    /** Adds every page. */
    public void addAll() {
        addRange(0, pageCount);
    }

    /** Removes a page; false if it was not in. */
    public boolean remove(long page) {
        check(page);
        int index = (int) (page >>> 6);
        long bit = 1L << page;
        boolean removed = (words[index] & bit) != 0;
        words[index] &= ~bit;
        size -= removed ? 1 : 0;
        return removed;
    }

    /** Empties the set. */
    public void clear() {
        if (size != 0) {
            java.util.Arrays.fill(words, 0);
            size = 0;
        }
    }

    /** The first page {@code >= from} in the set, or -1. */
    public long next(long from) {
        if (from >= pageCount) {
            return -1;
        }
        int index = (int) (from >>> 6);
        long word = words[index] & (-1L << from);
        while (word == 0) {
            if (++index == words.length) {
                return -1;
            }
            word = words[index];
        }
        return ((long) index << 6) + Long.numberOfTrailingZeros(word);
    }

    private void check(long page) {
        if (page < 0 || page >= pageCount) {
            throw new IndexOutOfBoundsException("page " + page + " of " + pageCount);
        }
    }
}
