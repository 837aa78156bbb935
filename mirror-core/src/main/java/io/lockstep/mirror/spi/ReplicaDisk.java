package io.lockstep.mirror.spi;

import org.agrona.DirectBuffer;

/**
 * The disk of a guest on the secondary: takes the blocks of an epoch and writes them to the local copy when the epoch is committed, all
 * or nothing as far as a reader of this disk can tell. Where both hosts reach one disk, nothing is written here before {@link #own}.
 *
 * <pre>
 *   synchronising(token) --blocks--> commit(n) --stage ...--> commit(n+1) ...      own(term) --> OWNED: asGuestDisk()
 * </pre>
 *
 * <p>Threading: one thread. No method blocks. No allocation per block or epoch.
 */
public interface ReplicaDisk {
    /** How far this host is on its way to the disk. */
    enum Ownership {
        /** The primary's; this host follows. */
        FOLLOWING,
        /** {@link #own} was called: the old owner is being shut out, what is committed is being attached. */
        CLAIMING,
        /** This host's: {@link #asGuestDisk()} is legal. */
        OWNED,
        /** It could not be taken: {@link #problem()} says why. */
        FAILED
    }

    /** Blocks of 4 KiB; 0 if the guest has no disk. */
    long blockCount();

    /** Names what the local copy holds, for {@link GuestDisk#owe}; 0 if it is of no use. */
    long token();

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

    /**
     * A synchronisation begins: until the next {@link #commit} the copy is of no use to run on, and blocks may go to it as they come.
     * From that commit on it carries {@code primaryToken}.
     */
    void synchronising(long primaryToken);

    /** The last epoch of which, and of all before, every write would survive a power cut here (in the copy or in a journal). */
    long durableEpoch();

    /** What {@link GuestDisk#durableEpoch()} is on the primary: a primary that is lost and returns misses nothing older. */
    void partnerDurable(long epoch);

    /** By a term this host has won: shuts the old owner out of what both can reach, drops the unfinished epoch, attaches the last commit. */
    void own(long term);

    /** How far that is. */
    Ownership ownership();

    /** The disk for the guest that goes live here. Legal when OWNED. */
    GuestDisk asGuestDisk();

    /** Why the disk cannot be used any more, empty while it can. */
    String problem();
}
