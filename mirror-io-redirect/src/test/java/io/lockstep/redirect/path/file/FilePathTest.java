package io.lockstep.redirect.path.file;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.IoBuffer;
import io.lockstep.redirect.path.BlockPath.Fencing;
import io.lockstep.redirect.path.BlockPath.Link;
import io.lockstep.redirect.path.PathAllocations;
import io.lockstep.redirect.path.PathDriver;
import io.lockstep.redirect.path.file.FilePathConfig.Direct;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FilePathTest {
    private static final int SIZE = 8 << 20;
    private static final int BLOCK = 4096;

    @TempDir
    Path directory;

    @Test
    void shouldSayHowItGoesToTheFile() throws Exception {
        try (PathDriver driver = cached(disk(SIZE))) {
            driver.opened();
            String text = ((FilePath) driver.path()).describe();
            assertTrue(text.endsWith("disk: file, page cache (direct: never), blocks of 512 bytes"), text);
            assertEquals(Fencing.NONE, driver.path().fencing());
            List<String> outcome = new ArrayList<>();
            driver.path().fence(2, outcome::add);
            assertTrue(outcome.get(0).contains("knows no owners"), outcome.get(0));
        }
    }

    @Test
    void shouldNameWhatIsWrongWithAFile() throws Exception {
        assertTrouble(directory.resolve("gone"), "gone: ENOENT: No such file or directory");
        assertTrouble(disk(0), "disk is empty: a disk must have its full size");
        assertTrouble(disk(1000), "disk has 1000 bytes, which is not a multiple of its block size 512");
        assertTrouble(directory, "EISDIR");
        assertTrouble(Path.of("/dev/zero"), "/dev/zero is neither a regular file nor a block device");
    }

    private void assertTrouble(Path file, String text) {
        try (PathDriver driver = cached(file)) {
            assertEquals(Link.BROKEN, driver.open(1));
            assertTrue(driver.path().trouble().contains(text), driver.path().trouble());
            assertEquals(Link.BROKEN, driver.open(2), "it may be tried again");
        }
    }

    @Test
    void shouldRefuseToWriteAFileThatIsReadOnly() throws Exception {
        FilePathConfig config =
                FilePathConfig.of("ro", disk(SIZE), Direct.NEVER).asReadOnly();
        try (PathDriver driver = new PathDriver(wakeUp -> new FilePath(config, wakeUp))) {
            driver.opened();
            assertTrue(driver.path().geometry().readOnly());
            assertEquals(BlockFault.PERMISSION, driver.write(0, new byte[BLOCK], false));
            BlockRequest zero = driver.request();
            zero.writeZeroes(0, BLOCK, false, false, false);
            assertEquals(BlockFault.PERMISSION, driver.finish(zero));
            assertEquals(BLOCK, driver.read(0, BLOCK).length);
        }
    }

    @Test
    void shouldGiveSpaceBackAndTellWhatIsStored() throws Exception {
        Path file = disk(SIZE);
        try (PathDriver driver = cached(file)) {
            driver.opened();
            driver.write(1 << 20, PathDriver.pattern(1, 1 << 20), true);
            assertRun(driver, 0, 1 << 20, true);
            assertRun(driver, 1 << 20, 1 << 20, false);
            assertRun(driver, 2 << 20, SIZE - (2 << 20), true);
            BlockRequest discard = driver.request();
            discard.discard(1 << 20, 1 << 20, false);
            assertEquals(BlockFault.NONE, driver.finish(discard));
            assertRun(driver, 0, SIZE, true);
            BlockRequest keep = driver.request();
            keep.writeZeroes(0, 1 << 20, true, true, false);
            assertEquals(BlockFault.NONE, driver.finish(keep));
            assertTrue(allocated(file) >= 1 << 20, "space was not kept: " + allocated(file));
            BlockRequest punch = driver.request();
            punch.writeZeroes(0, 1 << 20, true, false, true);
            assertEquals(BlockFault.NONE, driver.finish(punch));
            assertTrue(allocated(file) < 1 << 20, "space was not given back: " + allocated(file));
        }
    }

    private static long allocated(Path file) throws Exception {
        Process stat = new ProcessBuilder("stat", "--format=%b", file.toString()).start();
        return 512 * Long.parseLong(new String(stat.getInputStream().readAllBytes(), UTF_8).trim());
    }

    private static void assertRun(PathDriver driver, long at, long length, boolean hole) {
        BlockRequest status = driver.request();
        status.status(at, SIZE - at);
        assertEquals(BlockFault.NONE, driver.finish(status));
        assertEquals(length, status.extentLength());
        assertEquals(hole, status.extentHole());
        assertEquals(hole, status.extentZero());
    }

    @Test
    void shouldFailAReadOfAFileThatWasCutShort() throws Exception {
        Path file = disk(SIZE);
        try (PathDriver driver = cached(file)) {
            driver.opened();
            try (RandomAccessFile cut = new RandomAccessFile(file.toFile(), "rw")) {
                cut.setLength(BLOCK);
            }
            BlockRequest read = driver.request();
            IoBuffer buffer = driver.buffer(BLOCK);
            read.read(BLOCK, BLOCK, buffer, 0);
            assertEquals(BlockFault.IO, driver.finish(read));
            buffer.release();
        }
    }

    @Test
    void shouldLeaveACallThatHangsAndKeepItsBuffer() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch inCall = new CountDownLatch(2);
        FilePathConfig config = new FilePathConfig("stuck", disk(SIZE), false, Direct.NEVER, 512, 2, 8);
        try (PathDriver driver = hanging(config, inCall, release)) {
            driver.opened();
            IoBuffer buffer = driver.buffer(BLOCK);
            for (int i = 0; i < 12; i++) {
                BlockRequest write = driver.request();
                write.write((long) i * BLOCK, BLOCK, buffer, 0, false);
                driver.submit(write);
            }
            inCall.await();
            driver.path().abandon("too slow");
            assertEquals(2, driver.path().outstanding());
            assertEquals(10, driver.ended().size());
            driver.ended().forEach(request -> assertEquals(BlockFault.NOT_ISSUED, request.fault()));
            assertThrows(IllegalStateException.class, () -> driver.path().open(2));
            buffer.release(); // the path still holds it, once for each call
            buffer.retain();
            release.countDown();
            driver.await(() -> driver.path().outstanding() == 0, "the calls to return");
            assertEquals(BlockFault.IO, driver.ended().get(10).fault());
            assertEquals(BlockFault.IO, driver.ended().get(11).fault());
            buffer.release();
            assertThrows(IllegalStateException.class, buffer::retain);
            driver.opened();
        }
    }

    private static PathDriver hanging(FilePathConfig config, CountDownLatch inCall, CountDownLatch release) {
        return new PathDriver(wakeUp -> new FilePath(
                config,
                wakeUp,
                (c, w) -> new WorkerPool(c, FileProbe::open, w, op -> {
                    inCall.countDown();
                    awaitQuietly(release);
                    op.fault = BlockFault.NONE;
                })));
    }

    @Test
    void shouldNotOpenAFileTwiceWhenOpeningHangs() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        List<String> tries = new ArrayList<>();
        FilePathConfig config = FilePathConfig.of("hangs", disk(SIZE), Direct.NEVER);
        try (PathDriver driver = new PathDriver(wakeUp -> new FilePath(config, wakeUp, (c, w) -> {
            tries.add("open");
            return new WorkerPool(
                    c,
                    what -> {
                        awaitQuietly(release);
                        return FileProbe.open(what);
                    },
                    w);
        }))) {
            driver.path().open(1);
            driver.turn();
            driver.path().abandon("does not open");
            driver.path().open(2);
            driver.turn();
            assertEquals(Link.OPENING, driver.path().link());
            assertEquals(1, tries.size());
            release.countDown();
            driver.await(() -> driver.path().link() == Link.OPEN, "the second opening");
            assertEquals(2, tries.size());
        }
    }

    @Test
    void shouldBreakWhenDurabilityIsLost() throws Exception {
        FilePathConfig config = FilePathConfig.of("lost", disk(SIZE), Direct.NEVER);
        try (PathDriver driver = new PathDriver(wakeUp -> new FilePath(
                config,
                wakeUp,
                (c, w) -> new WorkerPool(c, FileProbe::open, w, op -> {
                    op.fault = BlockFault.IO;
                    op.lost = "fdatasync failed";
                })))) {
            driver.opened();
            BlockRequest flush = driver.request();
            flush.flush();
            assertEquals(BlockFault.IO, driver.finish(flush));
            assertEquals(Link.BROKEN, driver.path().link());
            assertEquals("fdatasync failed", driver.path().trouble());
        }
    }

    @Test
    void shouldAllocateNothingPerRequest() throws Exception {
        try (PathDriver driver = cached(disk(SIZE))) {
            driver.opened();
            PathAllocations.assertNone(driver);
        }
    }

    @Test
    void shouldNameEveryWrongValueOfAConfig() {
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class, () -> new FilePathConfig(" ", null, false, null, 3, 0, 5000));
        for (String part : List.of("name", "file", "direct", "blockSize is 3", "workers is 0", "maxIssued is 5000")) {
            assertTrue(e.getMessage().contains(part), e.getMessage());
        }
        assertNull(e.getCause());
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private PathDriver cached(Path file) {
        return new PathDriver(wakeUp -> new FilePath(FilePathConfig.of("file", file, Direct.NEVER), wakeUp));
    }

    private Path disk(long size) throws Exception {
        Path file = directory.resolve("disk");
        Files.deleteIfExists(file);
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
            access.setLength(size);
        }
        return file;
    }
}
