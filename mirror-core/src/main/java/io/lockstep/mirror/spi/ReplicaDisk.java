package io.lockstep.mirror.spi;

import org.agrona.DirectBuffer;

/**
 * The disks of a guest on the secondary: takes the blocks of an epoch and writes them to the local copy when the epoch is committed, all
 * or nothing as far as a reader of this disk can tell.
 *
 * <p>Threading: one thread. No method blocks. No allocation per block or epoch.
 */
public interface ReplicaDisk {
    /** Blocks of 4 KiB; 0 if the guest has no disk. */
    long blockCount();

    /**
     * True if half of the room is free: as many blocks as a primary with the same configuration ever holds back. While false, nothing is
     * acknowledged: that is how a slow copy holds the guest back.
     */
    boolean hasRoom();

    /**
     * A block of the epoch in progress, 4 KiB; replaces one staged before in the same epoch.
     *
     * @throws IllegalStateException if there is no room: the primary holds back more than it may
     */
    void stage(long block, DirectBuffer source, int offset);

    /** The epoch in progress is complete and checked: its blocks go to the local copy, after those of earlier epochs. */
    void commit(long epoch);

    /** The epoch in progress will never be complete: its blocks are forgotten. */
    void dropUnfinished();

    /** A synchronisation begins: until the next {@link #commit} the copy is of no use, and blocks may go to it as they come. */
    void synchronising();
}
