package io.lockstep.mirror.capture;

import io.lockstep.mirror.PrimaryParts;
import io.lockstep.mirror.counters.Counter;
import io.lockstep.mirror.counters.Counters;
import io.lockstep.mirror.record.Blob;
import io.lockstep.mirror.ring.SendWindow;
import io.lockstep.mirror.ring.Slot;
import io.lockstep.mirror.spi.DirtyTracker;
import io.lockstep.mirror.spi.GuestDisk;
import io.lockstep.mirror.spi.GuestVm;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The copy of the owed pages while the guest runs, in rounds: harvest what was written, copy it, until little is left. A page that is
 * torn because the guest wrote it meanwhile is dirty again and sent again. A block of the disk that must be fetched first is passed over
 * and asked for again at the next call; a round ends when none was passed over.
 */
final class SyncCopy {
    private static final int BATCH = 256;
    private static final int MAX_ROUNDS = 12;
    /** Blocks that may be on their way from the disk. */
    private static final int FETCHES = 64;

    private enum Step {
        START,
        BASELINE,
        PAGES,
        DONE
    }

    private final GuestVm guest;
    private final DirtyTracker tracker;
    private final GuestDisk disk;
    private final SendWindow window;
    private final PageLedger ledger;
    private final PageSource source;
    private final Counters counters;
    private final UnsafeBuffer baseline = new UnsafeBuffer(0, 0);
    private Step step = Step.DONE;
    private long generation;
    private long imageId;
    private long fromEpoch;
    private long chain;
    private int baselineSent;
    private int rounds;
    private long cursor;
    private long pages;

    SyncCopy(PrimaryParts parts, PageLedger ledger, PageSource source) {
        this.guest = parts.guest();
        this.tracker = parts.tracker();
        this.disk = parts.disk();
        this.window = parts.window();
        this.counters = parts.counters();
        this.ledger = ledger;
        this.source = source;
    }

    void start(long generation, long imageId, long fromEpoch, long chain) {
        this.generation = generation;
        this.imageId = imageId;
        this.fromEpoch = fromEpoch;
        this.chain = chain;
        baselineSent = 0;
        rounds = 0;
        cursor = 0;
        pages = 0;
        baseline.wrap(guest.baseline());
        step = Step.START;
    }

    boolean isDone() {
        return step == Step.DONE;
    }

    /** Page records sent in this synchronisation. */
    long pages() {
        return pages;
    }

    int doWork(long nextEpoch) {
        return switch (step) {
            case START -> begin();
            case BASELINE -> baseline();
            case PAGES -> pages(nextEpoch);
            case DONE -> 0;
        };
    }

    private int begin() {
        Slot slot = window.claim();
        if (slot == null) {
            return 0;
        }
        slot.syncStart(
                generation, imageId, guest.memory().pageCount(), fromEpoch, chain, disk.blockCount(), disk.token());
        window.publish();
        ledger.harvest(tracker);
        step = Step.BASELINE;
        return 1;
    }

    private int baseline() {
        int work = 0;
        while (baselineSent < baseline.capacity()) {
            Slot slot = window.claim();
            if (slot == null) {
                return work;
            }
            int length = Math.min(Slot.CAPACITY, baseline.capacity() - baselineSent);
            slot.data().putBytes(0, baseline, baselineSent, length);
            slot.chunk(Blob.BASELINE, baselineSent, baseline.capacity(), length);
            window.publish();
            baselineSent += length;
            work++;
        }
        step = Step.PAGES;
        return work + 1;
    }

    private int pages(long nextEpoch) {
        int copied = 0;
        int passedOver = 0;
        long again = -1;
        while (copied < BATCH && passedOver < FETCHES) {
            long page = ledger.owed().next(cursor);
            if (page < 0) {
                if (passedOver == 0) {
                    endRound();
                }
                break;
            }
            PageSource.Copied result = source.copy(page, Slot.Kind.SYNC_PAGE, nextEpoch);
            if (result == PageSource.Copied.WINDOW_FULL) {
                break;
            }
            if (result == PageSource.Copied.DONE) {
                copied++;
            } else if (passedOver++ == 0) {
                again = page;
            }
            cursor = page + 1;
        }
        cursor = passedOver > 0 ? again : cursor;
        pages += copied;
        counters.add(Counter.SYNC_PAGES, copied);
        counters.set(Counter.OWED_PAGES, ledger.owed().size());
        return copied + (step == Step.DONE ? 1 : 0);
    }

    private void endRound() {
        rounds++;
        cursor = 0;
        ledger.harvest(tracker);
        if (ledger.owed().size() <= window.slots() / 8 || rounds >= MAX_ROUNDS) {
            step = Step.DONE;
        }
    }
}
