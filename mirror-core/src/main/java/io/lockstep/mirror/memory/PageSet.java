package io.lockstep.mirror.memory;

/**
 * A set of page numbers of one region as a bitmap, 32 KiB per GiB of pages, with a second one that says which of its words are not
 * empty: few pages of a large disk are found, and forgotten, without a look at all the others. Not thread-safe.
 */
public final class PageSet {
    private final long[] words;
    /** Bit i: word i has a page. */
    private final long[] filled;

    private final long pageCount;
    private long size;

    /** An empty set over pages {@code 0..pageCount-1}. */
    public PageSet(long pageCount) {
        if (pageCount <= 0) {
            throw new IllegalArgumentException("pageCount " + pageCount + " must be positive");
        }
        this.pageCount = pageCount;
        this.words = new long[Math.toIntExact((pageCount + 63) >>> 6)];
        this.filled = new long[(words.length + 63) >>> 6];
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
        long before = words[index];
        put(index, before | 1L << page);
        return words[index] != before;
    }

    /** Adds pages {@code first..end-1}. */
    public void addRange(long first, long end) {
        if (first >= end) {
            return;
        }
        check(first);
        check(end - 1);
        int firstWord = (int) (first >>> 6);
        int lastWord = (int) ((end - 1) >>> 6);
        for (int index = firstWord; index <= lastWord; index++) {
            long bits = index == firstWord ? -1L << first : -1L;
            put(index, words[index] | (index == lastWord ? bits & (-1L >>> (63 - ((end - 1) & 63))) : bits));
        }
    }

    /** Adds 64 pages at once: bit i of {@code bits} is page {@code wordIndex * 64 + i}. */
    public void addWord(int wordIndex, long bits) {
        long last = (long) wordIndex << 6;
        if (last < 0 || last + 64 - Long.numberOfLeadingZeros(bits) > pageCount) {
            throw new IndexOutOfBoundsException("word " + wordIndex + " of a set of " + pageCount + " pages");
        }
        if (bits != 0) {
            put(wordIndex, words[wordIndex] | bits);
        }
    }

    /** Adds every page. */
    public void addAll() {
        addRange(0, pageCount);
    }

    /** Adds what is in the other set, which ranges over no more pages than this one. */
    public void addAll(PageSet other) {
        for (int index = other.nextFilled(0); index >= 0; index = other.nextFilled(index + 1)) {
            addWord(index, other.words[index]);
        }
    }

    /** Removes a page; false if it was not in. */
    public boolean remove(long page) {
        check(page);
        int index = (int) (page >>> 6);
        long before = words[index];
        put(index, before & ~(1L << page));
        return words[index] != before;
    }

    /** Empties the set. */
    public void clear() {
        for (int index = nextFilled(0); index >= 0; index = nextFilled(index + 1)) {
            put(index, 0);
        }
    }

    /** The first page {@code >= from} in the set, or -1. */
    public long next(long from) {
        if (from >= pageCount) {
            return -1;
        }
        int index = (int) (from >>> 6);
        long word = words[index] & (-1L << from);
        if (word == 0) {
            index = nextFilled(index + 1);
            if (index < 0) {
                return -1;
            }
            word = words[index];
        }
        return ((long) index << 6) + Long.numberOfTrailingZeros(word);
    }

    private void put(int index, long word) {
        size += Long.bitCount(word) - Long.bitCount(words[index]);
        words[index] = word;
        long bit = 1L << index;
        if (word == 0) {
            filled[index >>> 6] &= ~bit;
        } else {
            filled[index >>> 6] |= bit;
        }
    }

    /** The first word {@code >= from} that has a page, or -1. */
    private int nextFilled(int from) {
        int group = from >>> 6;
        if (group >= filled.length) {
            return -1;
        }
        long bits = filled[group] & (-1L << from);
        while (bits == 0) {
            if (++group == filled.length) {
                return -1;
            }
            bits = filled[group];
        }
        return (group << 6) + Long.numberOfTrailingZeros(bits);
    }

    private void check(long page) {
        if (page < 0 || page >= pageCount) {
            throw new IndexOutOfBoundsException("page " + page + " of " + pageCount);
        }
    }
}
