package io.lockstep.redirect.regions;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * The marks in memory, and which of them are certain to be in the file.
 *
 * <pre>
 *   marked     what mark and clear said
 *   durable    set only if the file holds the mark for certain: narrowed before a block is written, widened after it is durable
 *   written    what the batch on its way writes
 * </pre>
 *
 * <p>Threading: the stack's thread; the buffer of a batch belongs to the log's thread until the batch is done.
 */
final class RegionBitmap {
    private final int regions;
    private final int blocks;
    private final long[] marked;
    private final long[] durable;
    private final long[] urgent;
    private final long[] lazy;
    private final long[] batch;
    private final ByteBuffer written;
    private final CRC32C crc = new CRC32C();
    private int count;

    RegionBitmap(int regions, int blocks, ByteBuffer written) {
        this.regions = regions;
        this.blocks = blocks;
        this.written = written;
        this.marked = new long[blocks * LogLayout.LONGS_PER_BLOCK];
        this.durable = new long[marked.length];
        this.urgent = new long[(blocks - 1) / Long.SIZE + 1];
        this.lazy = new long[urgent.length];
        this.batch = new long[urgent.length];
    }

    /** Takes a block as it is in the file. False if it is damaged: then any of its regions may have been marked, so all are. */
    boolean load(ByteBuffer file, int at, int block) {
        int first = block * LogLayout.LONGS_PER_BLOCK;
        boolean whole = LogLayout.isWholeBlock(crc, file, at, block);
        for (int i = 0; i < LogLayout.LONGS_PER_BLOCK; i++) {
            long bits = (whole ? file.getLong(at + i * Long.BYTES) : -1L) & existing(first + i);
            marked[first + i] = bits;
            durable[first + i] = whole ? bits : 0;
            count += Long.bitCount(bits);
        }
        if (!whole) {
            set(urgent, block);
        }
        return whole;
    }

    private long existing(int word) {
        long before = (long) word * Long.SIZE;
        if (before >= regions) {
            return 0;
        }
        long left = regions - before;
        return left >= Long.SIZE ? -1L : (1L << left) - 1;
    }

    /** True if the mark is already safe in the file. */
    boolean mark(int region) {
        int word = region >>> 6;
        long bit = 1L << region;
        if ((marked[word] & bit) == 0) {
            marked[word] |= bit;
            count++;
        }
        if ((durable[word] & bit) != 0) {
            return true;
        }
        set(urgent, word / LogLayout.LONGS_PER_BLOCK);
        return false;
    }

    void clear(int region) {
        int word = region >>> 6;
        long bit = 1L << region;
        if ((marked[word] & bit) != 0) {
            marked[word] &= ~bit;
            count--;
            set(lazy, word / LogLayout.LONGS_PER_BLOCK);
        }
    }

    boolean isMarked(int region) {
        return (marked[region >>> 6] & 1L << region) != 0;
    }

    int next(int from) {
        if (from >= regions) {
            return -1;
        }
        int word = from >>> 6;
        long bits = marked[word] & -1L << from;
        while (bits == 0) {
            if (++word == marked.length) {
                return -1;
            }
            bits = marked[word];
        }
        return (word << 6) + Long.numberOfTrailingZeros(bits);
    }

    int count() {
        return count;
    }

    boolean hasUrgent() {
        return any(urgent);
    }

    boolean hasLazy() {
        return any(lazy);
    }

    private static boolean any(long[] set) {
        for (long bits : set) {
            if (bits != 0) {
                return true;
            }
        }
        return false;
    }

    /** Puts what must be written into the batch's buffer. From here on the file may lack what is cleared in it. */
    void snapshot(boolean lazyToo) {
        for (int i = 0; i < batch.length; i++) {
            batch[i] = urgent[i] | (lazyToo ? lazy[i] : 0);
            urgent[i] = 0;
            lazy[i] &= ~batch[i];
        }
        for (int block = nextInBatch(0); block >= 0; block = nextInBatch(block + 1)) {
            int at = block * LogLayout.SECTOR;
            int first = block * LogLayout.LONGS_PER_BLOCK;
            for (int i = 0; i < LogLayout.LONGS_PER_BLOCK; i++) {
                long bits = marked[first + i];
                written.putLong(at + i * Long.BYTES, bits);
                durable[first + i] &= bits;
            }
            LogLayout.sealBlock(crc, written, at, block);
        }
    }

    /** The batch is durable. */
    void succeeded() {
        for (int block = nextInBatch(0); block >= 0; block = nextInBatch(block + 1)) {
            int at = block * LogLayout.SECTOR;
            int first = block * LogLayout.LONGS_PER_BLOCK;
            for (int i = 0; i < LogLayout.LONGS_PER_BLOCK; i++) {
                durable[first + i] = written.getLong(at + i * Long.BYTES);
            }
        }
        Arrays.fill(batch, 0);
    }

    /** Nobody knows what the file holds of the batch: all of it must be written again. */
    void failed() {
        for (int i = 0; i < batch.length; i++) {
            urgent[i] |= batch[i];
            batch[i] = 0;
        }
    }

    /** The next block of the batch, or -1. */
    int nextInBatch(int from) {
        for (int block = from; block < blocks; block++) {
            long rest = batch[block >>> 6] >>> block;
            if (rest == 0) {
                block |= Long.SIZE - 1;
            } else {
                return block + Long.numberOfTrailingZeros(rest);
            }
        }
        return -1;
    }

    private static void set(long[] bits, int index) {
        bits[index >>> 6] |= 1L << index;
    }
}
