package io.lockstep.hypervisor.dirty;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.memory.PageSet;
import io.lockstep.mirror.spi.DirtyTracker;
import io.lockstep.nativeio.MappedMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.agrona.CloseHelper;
import org.agrona.concurrent.UnsafeBuffer;

/** A writer process, its memory, a tracker of it, and a replica that is fed with nothing but harvested pages. */
final class TrackerRig implements AutoCloseable {
    final Path directory;
    final Path ramFile;
    final PageRegion memory;
    final PageSet dirty;
    final List<String> log = new ArrayList<>();
    final ShimSession session;
    final RamWriter writer;

    private final MappedMemory ram;
    private final MappedMemory replicaMemory;
    private final PageRegion replica;
    private DirtyTracker tracker;
    private boolean paused;

    TrackerRig(long bytes, int pieces, boolean withShim) throws Exception {
        directory = Files.createTempDirectory(Path.of("/dev/shm"), "mirror-test");
        ramFile = directory.resolve("ram");
        ram = MappedMemory.createFile(ramFile, bytes);
        replicaMemory = MappedMemory.anonymous(bytes);
        memory = PageRegion.ofAddress(ram.address(), bytes);
        replica = PageRegion.ofAddress(replicaMemory.address(), bytes);
        dirty = new PageSet(memory.pageCount());
        session = withShim ? new ShimSession(ramFile, bytes, directory) : null;
        writer = RamWriter.start(ramFile, pieces, withShim ? session.environment() : Map.of());
        writer.awaitReady();
    }

    DirtyTracker track(TrackerChoice choice) throws IOException {
        tracker = DirtyTrackers.choose(choice, session, writer.pid(), memory, ramFile, () -> paused, log::add);
        return tracker;
    }

    /** Harvests and copies while the writer may be writing, or while it is quiet; returns the number of pages. */
    long epoch(boolean quiet) {
        paused = quiet;
        dirty.clear();
        tracker.harvest(dirty);
        for (long page = dirty.next(0); page >= 0; page = dirty.next(page + 1)) {
            replica.copyFrom(memory, page, page);
        }
        return dirty.size();
    }

    void assertReplicaEqual(String when) {
        for (long page = 0; page < memory.pageCount(); page++) {
            UnsafeBuffer expected = memory.chunk(page);
            UnsafeBuffer actual = replica.chunk(page);
            for (int i = memory.offset(page); i < memory.offset(page) + PageRegion.PAGE_SIZE; i += Long.BYTES) {
                if (expected.getLong(i) != actual.getLong(i)) {
                    assertEquals(expected.getLong(i), actual.getLong(i), when + ": page " + page + " byte " + i);
                }
            }
        }
    }

    @Override
    public void close() throws IOException {
        CloseHelper.closeAll(tracker, writer, session, replicaMemory, ram);
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
