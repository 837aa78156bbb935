package io.lockstep.host.engine;

import io.lockstep.hypervisor.dirty.DirtyTrackers;
import io.lockstep.hypervisor.dirty.ShimSession;
import io.lockstep.hypervisor.dirty.TrackerChoice;
import io.lockstep.hypervisor.qemu.GuestSpec;
import io.lockstep.hypervisor.qemu.QemuGuest;
import io.lockstep.mirror.spi.DirtyTracker;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * A guest that runs on this host, with what finds its written pages.
 *
 * @param spec what the partner needs to prepare a standby
 */
record RunningGuest(GuestSpec spec, QemuGuest guest, ShimSession shim, DirtyTracker tracker) implements AutoCloseable {
    /** Chooses the tracker; waits for the shim's greeting if it has not come yet. */
    static RunningGuest of(
            GuestSpec spec,
            QemuGuest guest,
            ShimSession shim,
            Path directory,
            TrackerChoice choice,
            Consumer<String> log)
            throws IOException {
        DirtyTracker tracker = DirtyTrackers.choose(
                choice, shim, guest.pid(), guest.memory(), directory.resolve("ram"), guest::isPaused, log);
        return new RunningGuest(spec, guest, shim, tracker);
    }

    @Override
    public void close() {
        tracker.close();
        guest.close();
        Closing.quietly(shim);
    }
}
