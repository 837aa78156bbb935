package io.lockstep.mirror;

import io.lockstep.mirror.counters.Counters;
import io.lockstep.mirror.replicate.LinkBoard;
import io.lockstep.mirror.ring.SendWindow;
import io.lockstep.mirror.spi.Arbiter;
import io.lockstep.mirror.spi.DirtyTracker;
import io.lockstep.mirror.spi.FramePort;
import io.lockstep.mirror.spi.GuestVm;
import java.util.Objects;
import java.util.function.LongSupplier;

/**
 * What a {@link PrimaryMirror} works with.
 *
 * @param vm name of the guest
 * @param guest the running guest
 * @param tracker knows its written pages
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
        FramePort nic,
        FramePort uplink,
        SendWindow window,
        LinkBoard board,
        Arbiter arbiter,
        Counters counters,
        LongSupplier imageIds) {
    /** Checks that nothing is missing. */
    public PrimaryParts {
        Objects.requireNonNull(vm, "vm");
        Objects.requireNonNull(guest, "guest");
        Objects.requireNonNull(tracker, "tracker");
        Objects.requireNonNull(nic, "nic");
        Objects.requireNonNull(uplink, "uplink");
        Objects.requireNonNull(window, "window");
        Objects.requireNonNull(board, "board");
        Objects.requireNonNull(arbiter, "arbiter");
        Objects.requireNonNull(counters, "counters");
        Objects.requireNonNull(imageIds, "imageIds");
    }
}
