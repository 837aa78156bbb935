package io.lockstep.mirror;

import io.lockstep.mirror.counters.Counters;
import io.lockstep.mirror.replicate.LinkBoard;
import io.lockstep.mirror.ring.SendWindow;
import io.lockstep.mirror.spi.Arbiter;
import io.lockstep.mirror.spi.DirtyTracker;
import io.lockstep.mirror.spi.FramePort;
import io.lockstep.mirror.spi.GuestDisk;
import io.lockstep.mirror.spi.GuestVm;
import java.util.Objects;
import java.util.function.LongSupplier;

/**
 * What a {@link PrimaryMirror} works with.
 *
 * @param vm name of the guest
 * @param guest the running guest
 * @param tracker knows its written pages
 * @param disk its disk, {@code NoDisk.NONE} for none
 * @param nic its network card
 * @param uplink the way to the outside
 * @param window shared with the link thread
 * @param board shared with the link thread
 * @param arbiter hands out terms
 * @param counters what is counted
 * @param imageIds gives a fresh, never repeated, non-zero number at each call
 */
public record PrimaryParts(
        String vm,
        GuestVm guest,
        DirtyTracker tracker,
        GuestDisk disk,
        FramePort nic,
        FramePort uplink,
        SendWindow window,
        LinkBoard board,
        Arbiter arbiter,
        Counters counters,
        LongSupplier imageIds) {
    /** Pages of memory and blocks of the disk together: a page's number has 32 bits in the stream. */
    public static final long MAX_PAGES = 1L << 32;

    /** Checks that nothing is missing. */
    public PrimaryParts {
        Objects.requireNonNull(vm, "vm");
        Objects.requireNonNull(guest, "guest");
        Objects.requireNonNull(tracker, "tracker");
        Objects.requireNonNull(disk, "disk");
        Objects.requireNonNull(nic, "nic");
        Objects.requireNonNull(uplink, "uplink");
        Objects.requireNonNull(window, "window");
        Objects.requireNonNull(board, "board");
        Objects.requireNonNull(arbiter, "arbiter");
        Objects.requireNonNull(counters, "counters");
        Objects.requireNonNull(imageIds, "imageIds");
        long pages = guest.memory().pageCount();
        if (disk.blockCount() < 0 || disk.blockCount() > MAX_PAGES - pages) {
            throw new IllegalArgumentException("disk of " + disk.blockCount() + " blocks: with the " + pages
                    + " pages of memory more than the limit of " + MAX_PAGES);
        }
    }
}
