package io.lockstep.hypervisor.dirty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.memory.PageSet;
import io.lockstep.mirror.spi.DirtyTracker;
import io.lockstep.nativeio.MappedMemory;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShimSessionTest {
    private static final long RAM_BYTES = 8L << 20;
    private static final int KILLED = 128 + 9;

    @Test
    void shouldEndTheGuestWhenTheEngineSideCloses() throws Exception {
        try (TrackerRig rig = rig()) {
            rig.track(TrackerChoice.WP_ASYNC);
            rig.session.close();
            assertEquals(KILLED, rig.writer.awaitEnd());
            assertFalse(Files.exists(rig.directory.resolve("shim.sock")));
            assertFalse(Files.exists(rig.directory.resolve("dirty.map")));
        }
    }

    @Test
    void shouldEndTheGuestThatFindsNoEngine(@TempDir Path directory) throws Exception {
        Path ram = Files.write(directory.resolve("ram"), new byte[4096]);
        Map<String, String> environment;
        try (ShimSession session = new ShimSession(ram, 4096, directory)) {
            environment = new HashMap<>(session.environment());
            Path kept = Files.copy(directory.resolve("libmirrorshim.so"), directory.resolve("kept.so"));
            environment.put("LD_PRELOAD", kept.toString());
        }
        try (RamWriter writer = RamWriter.start(ram, 1, environment)) {
            assertEquals(KILLED, writer.awaitEnd());
        }
    }

    @Test
    void shouldLoseTheCountForGoodWhenTheGuestEnds() throws Exception {
        try (TrackerRig rig = rig()) {
            DirtyTracker tracker = rig.track(TrackerChoice.WP_ASYNC);
            rig.writer.close();
            for (int i = 0; i < 2; i++) {
                assertThrows(IllegalStateException.class, () -> tracker.harvest(rig.dirty));
            }
            assertThrows(IOException.class, () -> rig.session.awaitTracker(0));
        }
    }

    @Test
    void shouldGoOnAfterTheGuestForked() throws Exception {
        try (TrackerRig rig = rig()) {
            rig.track(TrackerChoice.WP_ASYNC);
            rig.writer.run("fork");
            rig.writer.run("write 1 1000");
            rig.epoch(true);
            rig.assertReplicaEqual("after fork");
        }
    }

    @Test
    void shouldReportEveryPageAfterAMappingWasReplaced() throws Exception {
        try (TrackerRig rig = rig()) {
            rig.track(TrackerChoice.WP_ASYNC);
            rig.writer.run("write 1 1000");
            rig.writer.run("remap");
            assertEquals(rig.memory.pageCount(), rig.epoch(true));
            rig.assertReplicaEqual("after remap");
            rig.writer.run("write 2 1000");
            rig.epoch(true);
            rig.assertReplicaEqual("after writes to the new mapping");
        }
    }

    @Test
    void shouldHideThePreloadFromTheGuestsChildren() throws Exception {
        try (TrackerRig rig = rig()) {
            assertEquals("preload=", rig.writer.ask("env"));
            assertEquals(-1, rig.session.guestPid());
            rig.track(TrackerChoice.WP_ASYNC);
            assertEquals(rig.writer.pid(), rig.session.guestPid());
        }
    }

    @Test
    void shouldGiveASecondTrackerOverTheSameConnection() throws Exception {
        try (TrackerRig rig = rig()) {
            DirtyTracker first = rig.track(TrackerChoice.WP_ASYNC);
            first.close();
            assertThrows(IllegalStateException.class, () -> first.harvest(rig.dirty));
            rig.track(TrackerChoice.WP_ASYNC);
            rig.writer.run("page 3 1 1 1");
            assertEquals(1, rig.epoch(true));
        }
    }

    @Test
    void shouldTrackMemoryBeyondFourGigabytes() throws Exception {
        long bytes = (4L << 30) + (8 << 20);
        long pages = bytes / 4096;
        Path sparse = Files.createTempFile(Path.of("/dev/shm"), "mirror-test", ".ram");
        Path directory = Files.createTempDirectory(Path.of("/dev/shm"), "mirror-test");
        try {
            try (RandomAccessFile file = new RandomAccessFile(sparse.toFile(), "rw")) {
                file.setLength(bytes);
            }
            try (ShimSession session = new ShimSession(sparse, bytes, directory);
                    RamWriter writer = RamWriter.start(sparse, 1, session.environment())) {
                writer.awaitReady();
                assumeTrue(session.supported().ok(), session.supported().reason());
                DirtyTracker tracker = session.awaitTracker(5_000_000_000L);
                PageSet dirty = new PageSet(pages);
                writer.run("page " + (pages - 2) + " 2 1 1");
                writer.run("page 0 1 1 1");
                tracker.harvest(dirty);
                assertEquals(3, dirty.size());
                assertTrue(dirty.contains(0) && dirty.contains(pages - 1) && dirty.contains(pages - 2));
            }
        } finally {
            Files.delete(sparse);
            Files.delete(directory);
        }
    }

    @Test
    void shouldSayWhyNoTrackerCame(@TempDir Path directory) throws Exception {
        try (ShimSession session = new ShimSession(directory.resolve("ram"), 4096, directory)) {
            IOException e = assertThrows(IOException.class, () -> session.awaitTracker(1));
            assertTrue(e.getMessage().contains("did not connect"), e.getMessage());
        }
    }

    /** A shim that cannot track says why, and stays the guest's lifeline. */
    @Test
    void shouldFallBackWithTheShimsOwnReason(@TempDir Path directory) throws Exception {
        Path ram = Files.write(directory.resolve("ram"), new byte[4096]);
        List<String> log = new ArrayList<>();
        ShimSession session = new ShimSession(ram, 4096, directory);
        Map<String, String> environment = new HashMap<>(session.environment());
        environment.put("MIRROR_DIRTY_MAP", "/nonexistent");
        try (MappedMemory memory = MappedMemory.openFile(ram);
                RamWriter writer = RamWriter.start(ram, 1, environment)) {
            writer.awaitReady();
            PageRegion region = PageRegion.ofAddress(memory.address(), 4096);
            DirtyTrackers.choose(TrackerChoice.AUTO, session, writer.pid(), region, ram, () -> false, log::add)
                    .close();
            assertTrue(log.get(0).contains("mapping of the dirty map: No such file or directory"), log::toString);
            session.close();
            assertEquals(KILLED, writer.awaitEnd());
        } finally {
            session.close();
        }
    }

    @Test
    void shouldNotCountWhenMemoryIsNotAllMapped(@TempDir Path directory) throws Exception {
        Path ram = Files.write(directory.resolve("ram"), new byte[4096]);
        try (ShimSession session = new ShimSession(ram, 8192, directory);
                RamWriter writer = RamWriter.start(ram, 1, session.environment())) {
            writer.awaitReady();
            assumeTrue(session.supported().ok(), session.supported().reason());
            DirtyTracker tracker = session.awaitTracker(5_000_000_000L);
            var e = assertThrows(IllegalStateException.class, () -> tracker.harvest(new PageSet(2)));
            assertTrue(e.getMessage().contains("4096 of 8192"), e.getMessage());
        }
    }

    @Test
    void shouldNameThePathThatIsTooLong(@TempDir Path directory) throws Exception {
        Path deep = Files.createDirectory(directory.resolve("x".repeat(100)));
        var e = assertThrows(IllegalArgumentException.class, () -> new ShimSession(deep.resolve("ram"), 4096, deep));
        assertTrue(e.getMessage().contains("107"), e.getMessage());
    }

    private static TrackerRig rig() throws Exception {
        TrackerRig rig = new TrackerRig(RAM_BYTES, 2, true);
        Support support = rig.session.supported();
        if (!support.ok()) {
            rig.close();
            System.err.println("NOT TESTED HERE: the shim: " + support.reason());
        }
        assumeTrue(support.ok(), () -> "the shim is not supported here: " + support.reason());
        return rig;
    }
}
