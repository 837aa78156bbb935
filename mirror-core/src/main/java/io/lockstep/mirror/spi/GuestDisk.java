package io.lockstep.mirror.spi;

import io.lockstep.mirror.memory.PageSet;
import org.agrona.MutableDirectBuffer;

/**
 * The disk of a guest on the primary, as the checkpoint sees it: one row of 4 KiB blocks behind the guest's last page, written by the
 * guest while it runs. What the guest wrote is <em>held</em> back from the local copy until its epoch is committed, so that neither copy
 * ever holds a write that the mirrored guest may not have made (invariants I3, I6).
 *
 * <pre>
 *   held (at first) --through()--> through --hold()--> held      at a checkpoint: pauseRequested, harvest, read ..., sealed(n); later committed(n)
 * </pre>
 *
 * <p>Which blocks the partner's copy may miss is remembered across restarts of this host, against a <em>token</em>: a number that names
 * what a copy holds. A host that begins to write alone takes a new token and keeps the one before as the base of what it marks from then
 * on; a partner whose copy carries that base (or the same token) misses at most what is marked, any other one may miss every block.
 *
 * <p>Threading: one thread. No method blocks. No allocation per block or epoch.
 */
public interface GuestDisk {
    /** Blocks of 4 KiB; 0 if the guest has no disk. */
    long blockCount();

    /**
     * Adds the blocks written since the last call to {@code into}, block 0 as page {@code firstPage}, and forgets them: they are the
     * caller's until they are handed over (invariant I5).
     */
    void harvest(PageSet into, long firstPage);

    /** Adds every block that a partner whose copy carries {@code partnerToken} may miss; 0: it has no usable copy. */
    void owe(PageSet into, long firstPage, long partnerToken);

    /** Names what the local copy holds; a partner that has followed up to a commit carries the same. Never 0. */
    long token();

    /**
     * Copies the newest content of a block, 4 KiB. False if it must be fetched first: ask again later, for the same block or others.
     * What was written since the last checkpoint is always there at once.
     */
    boolean read(long block, MutableDirectBuffer target, int offset);

    /** The guest is about to be paused: every write it has under way must be taken, or it cannot be drained. */
    void pauseRequested();

    /** The guest stands still, and all it wrote up to now belongs to this epoch or to earlier ones. */
    void sealed(long epoch);

    /** The partner has every epoch up to this one: their writes go to the local copy. */
    void committed(long epoch);

    /** From now on writes wait for the commit of their epoch. What was written before is not held any more than it was. */
    void hold();

    /** This host runs the guest alone, by a term it has won: everything goes to the local copy, what was held first, in order. */
    void through();

    /** True if so much is held that a checkpoint should not wait. */
    boolean wantsCheckpoint();

    /** The last epoch of which, and of all before, every write would survive a power cut here. Told to the partner. */
    long durableEpoch();

    /** What {@link ReplicaDisk#durableEpoch()} is on the partner: what is older is not marked as missed any more. */
    void partnerDurable(long epoch);

    /** Why the disk cannot be used any more, empty while it can: the guest's writes and reads wait. */
    String problem();
}
