package io.lockstep.mirror.capture;

import io.lockstep.mirror.counters.Counter;
import io.lockstep.mirror.counters.Counters;
import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.ring.SendWindow;
import io.lockstep.mirror.ring.Slot;
import io.lockstep.mirror.spi.GuestDisk;

/** Copies one owed page after the other into the send window, whether it is memory or a block of the disk. One thread. */
final class PageSource {
    /** How an attempt went. */
    enum Copied {
        DONE,
        /** A block that must be fetched first: ask again later. */
        NOT_YET,
        WINDOW_FULL
    }

    private final PageRegion memory;
    private final GuestDisk disk;
    private final SendWindow window;
    private final PageLedger ledger;
    private final Counters counters;

    PageSource(PageRegion memory, GuestDisk disk, SendWindow window, PageLedger ledger, Counters counters) {
        this.memory = memory;
        this.disk = disk;
        this.window = window;
        this.ledger = ledger;
        this.counters = counters;
    }

    Copied copy(long page, Slot.Kind kind, long epoch) {
        Slot slot = window.claim();
        if (slot == null) {
            return Copied.WINDOW_FULL;
        }
        if (page < memory.pageCount()) {
            memory.read(page, slot.data(), 0);
        } else if (disk.read(page - memory.pageCount(), slot.data(), 0)) {
            counters.add(Counter.BLOCKS, 1);
        } else {
            return Copied.NOT_YET; // the slot was not published, the next claim finds it again
        }
        slot.page(kind, page);
        window.publish();
        ledger.handedOver(page, epoch);
        return Copied.DONE;
    }
}
