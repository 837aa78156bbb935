package io.lockstep.mirror.capture;

import io.lockstep.mirror.counters.Counter;
import io.lockstep.mirror.counters.Counters;
import io.lockstep.mirror.memory.PageSet;
import io.lockstep.mirror.spi.DirtyTracker;
import io.lockstep.mirror.spi.GuestDisk;

/**
 * Which pages the secondary does not have. A page moves from <i>owed</i> to the set of the epoch that carries it, and leaves that set
 * only when the epoch is acknowledged; if the hand-over fails every page that is not acknowledged is owed again (invariant I5). Pages
 * beyond the memory's are the blocks of the disk.
 *
 * <pre>
 *   dirty --> owed --copied into the window--> sent[epoch] --acknowledged--> forgotten
 *               ^----------- hand-over failed -----'
 * </pre>
 */
final class PageLedger {
    private final long memoryPages;
    private final GuestDisk disk;
    private final Counters counters;
    private final PageSet owed;
    private final PageSet[] sent;
    private final long[] epochs;

    PageLedger(long memoryPages, GuestDisk disk, int epochsInFlight, Counters counters) {
        long pageCount = memoryPages + disk.blockCount();
        this.memoryPages = memoryPages;
        this.disk = disk;
        this.counters = counters;
        owed = new PageSet(pageCount);
        sent = new PageSet[epochsInFlight + 1];
        epochs = new long[sent.length];
        for (int i = 0; i < sent.length; i++) {
            sent[i] = new PageSet(pageCount);
        }
    }

    PageSet owed() {
        return owed;
    }

    /** Owes all of the memory. */
    void oweMemory() {
        owed.addRange(0, memoryPages);
    }

    /** Owes what the partner's copy of the disk may miss. */
    void oweDisk(long partnerToken) {
        disk.owe(owed, memoryPages, partnerToken);
    }

    /** Adds what was written since the last harvest; a tracker that lost count means every page of memory. */
    void harvest(DirtyTracker tracker) {
        try {
            tracker.harvest(owed);
        } catch (IllegalStateException e) {
            counters.add(Counter.TRACKER_LOST, 1);
            oweMemory();
        }
        disk.harvest(owed, memoryPages);
    }

    /** The page's content is in the window, as part of this epoch. */
    void handedOver(long page, long epoch) {
        owed.remove(page);
        int index = (int) (epoch % sent.length);
        if (epochs[index] != epoch) {
            if (!sent[index].isEmpty()) {
                throw new IllegalStateException(
                        "epoch " + epoch + " starts before epoch " + epochs[index] + " is acknowledged");
            }
            epochs[index] = epoch;
        }
        sent[index].add(page);
    }

    void acknowledged(long epoch) {
        for (int i = 0; i < sent.length; i++) {
            if (epochs[i] <= epoch) {
                sent[i].clear();
            }
        }
    }

    void handOverFailed() {
        for (PageSet pages : sent) {
            owed.addAll(pages);
            pages.clear();
        }
    }
}
