package io.lockstep.hypervisor.dirty;

import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.spi.DirtyTracker;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** Chooses how written pages are tracked: wp-async, else soft-dirty, else compare. */
public final class DirtyTrackers {
    private static final long HELLO_TIMEOUT_NS = 5_000_000_000L;

    private DirtyTrackers() {}

    /**
     * Opens the tracker of a QEMU process that is already running. Blocks until the shim has said hello.
     *
     * @param choice a particular tracker, which then must work, or {@link TrackerChoice#AUTO}
     * @param session of that process; null if it was started without the shim
     * @param pid the process, a child of this one
     * @param memory the memory file, mapped in this process
     * @param ramFile the memory file
     * @param guestPaused true only while the guest is paused, and stays so until the pages of a harvest were read
     * @param log receives one line with the tracker chosen, after one line for each better one that does not work
     * @throws IOException with the reason, if the chosen tracker does not work
     */
    public static DirtyTracker choose(
            TrackerChoice choice,
            ShimSession session,
            long pid,
            PageRegion memory,
            Path ramFile,
            BooleanSupplier guestPaused,
            Consumer<String> log)
            throws IOException {
        if (session != null && session.ramBytes() != memory.bytes()) {
            throw new IllegalArgumentException(
                    "shim session of " + session.ramBytes() + " bytes for guest RAM of " + memory.bytes() + " bytes");
        }
        DirtyTracker tracker =
                switch (choice) {
                    case WP_ASYNC -> wpAsync(session);
                    case SOFT_DIRTY -> softDirty(pid, memory, ramFile);
                    case COMPARE -> new CompareTracker(memory, guestPaused);
                    case AUTO -> best(session, pid, memory, ramFile, guestPaused, log);
                };
        log.accept("written pages are tracked by " + tracker.name()
                + (choice == TrackerChoice.AUTO ? "" : ", as configured"));
        return tracker;
    }

    private static DirtyTracker best(
            ShimSession session,
            long pid,
            PageRegion memory,
            Path ramFile,
            BooleanSupplier guestPaused,
            Consumer<String> log)
            throws IOException {
        try {
            return wpAsync(session);
        } catch (IOException e) {
            log.accept("wp-async does not work here: " + e.getMessage());
        }
        try {
            return softDirty(pid, memory, ramFile);
        } catch (IOException e) {
            log.accept("soft-dirty does not work here: " + e.getMessage());
        }
        return new CompareTracker(memory, guestPaused);
    }

    private static DirtyTracker wpAsync(ShimSession session) throws IOException {
        if (session == null) {
            throw new IOException("QEMU was started without the shim");
        }
        return session.awaitTracker(HELLO_TIMEOUT_NS);
    }

    private static DirtyTracker softDirty(long pid, PageRegion memory, Path ramFile) throws IOException {
        Support support = SoftDirtyTracker.supported(pid);
        if (!support.ok()) {
            throw new IOException(support.reason());
        }
        return SoftDirtyTracker.open(pid, memory.bytes(), ramFile);
    }
}
