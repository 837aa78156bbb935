package io.lockstep.sim;

import java.util.BitSet;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * One copy of a disk, or the one disk that both hosts reach: what is left of it when a process ends, and when the power does. A block is
 * one number here. What is only written may be lost in a power cut, block by block; what is flushed, the journal and the notes about
 * tokens and marks are not.
 */
final class Platter {
    final boolean shared;
    final long[] content;
    private final long[] flushed;
    /** Complete epochs that may not be flushed yet; empty unless this copy has a journal. */
    final TreeMap<Long, Map<Integer, Long>> journal = new TreeMap<>();
    /** Names the content; 0 while it is of no use. */
    long token;
    /** A partner whose copy carries one of these, or the token, misses at most what is marked. */
    final Set<Long> bases = new HashSet<>();

    final BitSet marks = new BitSet();
    private long generation;

    Platter(int blocks, boolean shared, long token) {
        this.shared = shared;
        this.token = token;
        content = new long[blocks];
        flushed = new long[blocks];
    }

    int blocks() {
        return content.length;
    }

    /** Shuts out everybody with a lower number. */
    void fence(long newGeneration) {
        generation = Math.max(generation, newGeneration);
    }

    /** False, without effect, if the writer is shut out. */
    boolean write(long writer, int block, long value) {
        if (writer < generation) {
            return false;
        }
        content[block] = value;
        return true;
    }

    void flush() {
        System.arraycopy(content, 0, flushed, 0, content.length);
    }

    /** Keeps some of what was not flushed, and puts in what the journal has. */
    void powerCut(World world) {
        if (shared) {
            return; // the disk itself stands elsewhere
        }
        for (int block = 0; block < content.length; block++) {
            if (world.chance(500)) {
                content[block] = flushed[block];
            }
        }
        replay();
    }

    void replay() {
        journal.values().forEach(epoch -> epoch.forEach((block, value) -> content[block] = value));
        journal.clear();
        flush();
    }
}
