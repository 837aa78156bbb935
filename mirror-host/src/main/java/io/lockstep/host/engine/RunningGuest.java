package io.lockstep.host.engine;

import io.lockstep.host.disk.HostDisk;
import io.lockstep.hypervisor.dirty.DirtyTrackers;
import io.lockstep.hypervisor.dirty.ShimSession;
import io.lockstep.hypervisor.dirty.TrackerChoice;
import io.lockstep.hypervisor.qemu.GuestSpec;
import io.lockstep.hypervisor.qemu.QemuGuest;
import io.lockstep.mirror.spi.DirtyTracker;
import io.lockstep.mirror.spi.GuestDisk;
import io.lockstep.mirror.spi.NoDisk;
import java.io.IOException;
import java.nio.channels.Selector;
import java.nio.file.Path;

/**
 * A guest that runs on this host, with what finds its written pages.
 *
 * @param spec what the partner needs to prepare a standby
 * @param disk its disk, null if it has none
 */
record RunningGuest(GuestSpec spec, QemuGuest guest, ShimSession shim, DirtyTracker tracker, HostDisk disk)
        implements AutoCloseable {
    /** Chooses the tracker; waits for the shim's greeting if it has not come yet. */
    static RunningGuest of(GuestSpec spec, QemuGuest guest, ShimSession shim, VmContext context, HostDisk disk)
            throws IOException {
        Path ram = context.directory().resolve("ram");
        TrackerChoice choice = context.config().tracker();
        DirtyTracker tracker =
                DirtyTrackers.choose(choice, shim, guest.pid(), guest.memory(), ram, guest::isPaused, context::notice);
        return new RunningGuest(spec, guest, shim, tracker, disk);
    }

    /** The disk as the core sees it. */
    GuestDisk guestDisk() {
        return disk == null ? NoDisk.NONE : disk.guest();
    }

    /** Gives the disk its share of the thread. */
    int workOnDisk(long nowNs) {
        return disk == null ? 0 : disk.doWork(nowNs);
    }

    /** True if nothing that the guest wrote waits in memory, or if it never will be written. */
    boolean isDiskSettled() {
        return disk == null || disk.isSettled();
    }

    void register(Selector selector) {
        guest.register(selector);
        if (disk != null) {
            disk.register(selector);
        }
    }

    @Override
    public void close() {
        tracker.close();
        guest.close();
        Closing.quietly(shim);
        Closing.quietly(disk);
    }
}
