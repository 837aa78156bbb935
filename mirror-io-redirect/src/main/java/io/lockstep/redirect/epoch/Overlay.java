package io.lockstep.redirect.epoch;

import java.util.Arrays;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Blocks that the home does not have yet, several versions of each if need be. A version belongs to a <em>set</em>; sets are numbered
 * from 1 on and never reused, so that an order exists even where epoch numbers start anew.
 *
 * <pre>
 *   open set --seal--> sealed sets --commit--> ready (a list of versions, oldest set first) --release--> free
 * </pre>
 *
 * <p>All memory is taken at the start. Versions are numbers of slots of a slab; a table with open addressing (linear probing, deletion
 * by moving back) leads from a block to its newest version, {@code older} from there to the one before.
 */
final class Overlay {
    /** Bytes of a block. */
    static final int BLOCK = 4096;
    /** No version. */
    static final int NONE = -1;

    private static final int SEALED_SETS = 64;

    private final int capacity;
    private final UnsafeBuffer slab;
    private final long[] block;
    private final long[] set;
    private final int[] older;
    private final int[] next;
    private final boolean[] zero;
    private final int[] table;
    private final int mask;
    private final Sealed sealed = new Sealed();
    private int free;
    private int used;
    private long openSet = 1;
    private int openHead = NONE;
    private int openTail = NONE;
    private int openCount;
    private long committedSet;
    private int readyHead = NONE;
    private int readyTail = NONE;

    /** Sets between seal and commit, oldest first; when the ring is full the newest ones become one. */
    private static final class Sealed {
        final long[] set = new long[SEALED_SETS];
        final long[] epoch = new long[SEALED_SETS];
        final int[] head = new int[SEALED_SETS];
        final int[] tail = new int[SEALED_SETS];
        int first;
        int count;

        int at(int index) {
            return (first + index) & (SEALED_SETS - 1);
        }
    }

    Overlay(int capacity) {
        this.capacity = capacity;
        this.slab = new UnsafeBuffer(BufferUtil.allocateDirectAligned(capacity * BLOCK, BLOCK));
        this.block = new long[capacity];
        this.set = new long[capacity];
        this.older = new int[capacity];
        this.next = new int[capacity];
        this.zero = new boolean[capacity];
        int size = Integer.highestOneBit(capacity * 2 - 1) << 1;
        this.table = new int[size];
        this.mask = size - 1;
        Arrays.fill(table, NONE);
        for (int i = 0; i < capacity; i++) {
            next[i] = i + 1 < capacity ? i + 1 : NONE;
        }
    }

    int capacity() {
        return capacity;
    }

    /** Versions there are. */
    int used() {
        return used;
    }

    /** Versions in the open set. */
    int openCount() {
        return openCount;
    }

    /** The set that versions are added to. */
    long openSet() {
        return openSet;
    }

    /** The newest set that is committed. */
    long committedSet() {
        return committedSet;
    }

    boolean isZero(int version) {
        return zero[version];
    }

    /** Finds out whether what was stored is all zeroes. */
    void noticeZero(int version) {
        int at = version * BLOCK;
        int end = at + BLOCK;
        while (!zero[version] && at < end && slab.getLong(at) == 0) {
            at += Long.BYTES;
        }
        zero[version] |= at == end;
    }

    long blockOf(int version) {
        return block[version];
    }

    /** Where its bytes are in {@link #slab()}; undefined for a zero. */
    int position(int version) {
        return version * BLOCK;
    }

    UnsafeBuffer slab() {
        return slab;
    }

    /** The newest version of a block, or NONE. */
    int newest(long of) {
        return table[find(of)];
    }

    /** The newest version of a block in sets up to {@code limit}, or NONE. */
    int newest(long of, long limit) {
        int version = newest(of);
        while (version != NONE && set[version] > limit) {
            version = older[version];
        }
        return version;
    }

    /** True if a block of {@code from..end-1} has a version. */
    boolean hasAny(long from, long end) {
        if (used == 0) {
            return false;
        }
        if (end - from > used) {
            return anyUsedIn(from, end);
        }
        for (long of = from; of < end; of++) {
            if (newest(of) != NONE) {
                return true;
            }
        }
        return false;
    }

    private boolean anyUsedIn(long from, long end) {
        for (int version : table) {
            if (version != NONE && block[version] >= from && block[version] < end) {
                return true;
            }
        }
        return false;
    }

    /** Calls for each block that has a version. */
    void forEachBlock(BlockConsumer consumer) {
        for (int version : table) {
            if (version != NONE) {
                consumer.accept(block[version]);
            }
        }
    }

    /** Takes a block. */
    @FunctionalInterface
    interface BlockConsumer {
        void accept(long block);
    }

    /** Stores a block in the open set. The caller has made sure that there is room. */
    void put(long of, DirectBuffer source, int offset) {
        int version = open(of);
        zero[version] = false;
        slab.putBytes(version * BLOCK, source, offset, BLOCK);
    }

    /** Stores a block of zeroes in the open set. The caller has made sure that there is room. */
    void putZero(long of) {
        zero[open(of)] = true;
    }

    private int open(long of) {
        int slot = find(of);
        int before = table[slot];
        if (before != NONE && set[before] == openSet) {
            return before;
        }
        if (free == NONE) {
            throw new IllegalStateException("no room for block " + of + ": all " + capacity + " are in use");
        }
        int version = free;
        free = next[version];
        block[version] = of;
        set[version] = openSet;
        older[version] = before;
        next[version] = NONE;
        table[slot] = version;
        if (openTail == NONE) {
            openHead = version;
        } else {
            next[openTail] = version;
        }
        openTail = version;
        openCount++;
        used++;
        return version;
    }

    /** Closes the open set: it is of this epoch. */
    void seal(long epoch) {
        int at;
        if (sealed.count == SEALED_SETS) {
            at = sealed.at(sealed.count - 1);
            if (sealed.tail[at] != NONE && openHead != NONE) {
                next[sealed.tail[at]] = openHead;
            }
            sealed.head[at] = sealed.head[at] == NONE ? openHead : sealed.head[at];
            sealed.tail[at] = openTail == NONE ? sealed.tail[at] : openTail;
        } else {
            at = sealed.at(sealed.count++);
            sealed.head[at] = openHead;
            sealed.tail[at] = openTail;
        }
        sealed.set[at] = openSet++;
        sealed.epoch[at] = epoch;
        openHead = NONE;
        openTail = NONE;
        openCount = 0;
    }

    /** Commits the sealed sets of epochs up to this one. */
    void commit(long epoch) {
        while (sealed.count > 0 && sealed.epoch[sealed.first] <= epoch) {
            append(sealed.head[sealed.first], sealed.tail[sealed.first]);
            committedSet = sealed.set[sealed.first];
            sealed.first = sealed.at(1);
            sealed.count--;
        }
    }

    private void append(int head, int tail) {
        if (head == NONE) {
            return;
        }
        if (readyTail == NONE) {
            readyHead = head;
        } else {
            next[readyTail] = head;
        }
        readyTail = tail;
    }

    /** Forgets the open set. */
    void dropOpen() {
        dropList(openHead);
        openHead = NONE;
        openTail = NONE;
        openCount = 0;
    }

    /** Forgets everything that is not committed. */
    void dropUncommitted() {
        dropOpen();
        while (sealed.count > 0) {
            // Newest first, so that what is dropped is always the newest version of its block.
            dropList(sealed.head[sealed.at(--sealed.count)]);
        }
    }

    private void dropList(int head) {
        for (int version = head; version != NONE; ) {
            int following = next[version];
            if (newest(block[version]) == version) {
                int before = older[version];
                int slot = find(block[version]);
                if (before == NONE) {
                    delete(slot);
                } else {
                    table[slot] = before;
                }
            } else {
                unlink(version, older[version]);
            }
            free(version);
            version = following;
        }
    }

    /** True if there are committed versions that nobody has taken. */
    boolean hasReady() {
        return readyHead != NONE;
    }

    /** The oldest committed version that nobody has taken, or NONE. */
    int firstReady() {
        return readyHead;
    }

    /** The set of a version. */
    long setOf(int version) {
        return set[version];
    }

    /** Takes the oldest committed version off the list; it stays in the overlay until it is released. */
    int takeReady() {
        int version = readyHead;
        readyHead = next[version];
        if (readyHead == NONE) {
            readyTail = NONE;
        }
        return version;
    }

    /** Forgets a version that was taken, and every older one of its block: all of those must have been taken, too. */
    void release(int version) {
        long of = block[version];
        int slot = find(of);
        if (table[slot] == version) {
            delete(slot);
        } else {
            unlink(version, NONE);
        }
        for (int gone = version; gone != NONE; ) {
            int before = older[gone];
            free(gone);
            gone = before;
        }
    }

    /** Makes the version that is newer than this one point to {@code target} instead. */
    private void unlink(int version, int target) {
        int newer = newest(block[version]);
        while (older[newer] != version) {
            newer = older[newer];
        }
        older[newer] = target;
    }

    private void free(int version) {
        block[version] = NONE;
        next[version] = free;
        free = version;
        used--;
    }

    /** The place of a block in the table: where it is, or where it would be. */
    private int find(long of) {
        int slot = hash(of);
        while (table[slot] != NONE && block[table[slot]] != of) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private int hash(long of) {
        long mixed = of * 0x9E37_79B9_7F4A_7C15L;
        return (int) (mixed >>> 32) & mask;
    }

    private void delete(int slot) {
        int hole = slot;
        int at = slot;
        table[hole] = NONE;
        while (true) {
            at = (at + 1) & mask;
            int version = table[at];
            if (version == NONE) {
                return;
            }
            int wanted = hash(block[version]);
            // Moves back unless its own place lies cyclically after the hole.
            if (((at - wanted) & mask) >= ((at - hole) & mask)) {
                table[hole] = version;
                table[at] = NONE;
                hole = at;
            }
        }
    }
}
