package io.lockstep.redirect.copies;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.block.IoBuffer;
import io.lockstep.redirect.path.BlockPath;
import io.lockstep.redirect.path.BlockPath.Link;
import io.lockstep.redirect.path.file.FilePath;
import io.lockstep.redirect.path.file.FilePathConfig;
import io.lockstep.redirect.path.nbd.NbdPath;
import io.lockstep.redirect.path.nbd.NbdPathConfig;
import io.lockstep.redirect.regions.RegionLog;
import io.lockstep.redirect.regions.RegionLogConfig;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file here and nbdkit's export of another one as two copies: errors, a full disk, SIGKILL and return, bit rot. */
class MirroredCopiesIT implements MirrorListener {
    private static final int DISK = 32 << 20;
    private static final int BLOCK = 4096;
    private static final long DEADLINE_NS = 60_000_000_000L;
    private static final long MS = 1_000_000;

    @TempDir
    Path directory;

    private final BufferPool buffers = new BufferPool(128, 4, 1);
    private final byte[] expected = new byte[DISK / BLOCK];
    private final List<String> events = new ArrayList<>();
    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);
    private Process server;
    private BlockPath[] paths;
    private MirroredDevice mirror;
    private long generation = 1;
    private int outstanding;

    @BeforeEach
    void start() throws Exception {
        for (String name : List.of("a", "b")) {
            try (RandomAccessFile file = new RandomAccessFile(path(name).toFile(), "rw")) {
                file.setLength(DISK);
            }
        }
        startServer("EIO");
        startMirror(MirrorConfig.Source.EQUAL);
    }

    @AfterEach
    void stop() throws Exception {
        mirror.close();
        killServer();
    }

    private Path path(String name) {
        return directory.resolve(name);
    }

    private void startServer(String error) throws Exception {
        Files.deleteIfExists(path("sock"));
        server = new ProcessBuilder(
                        "nbdkit",
                        "-f",
                        "-U",
                        path("sock").toString(),
                        "--filter=error",
                        "file",
                        path("b").toString(),
                        "error-pwrite=" + error,
                        "error-pwrite-rate=100%",
                        "error-pwrite-file=" + path("inject"))
                .redirectErrorStream(true)
                .redirectOutput(path("log").toFile())
                .start();
        await(() -> Files.exists(path("sock")), "nbdkit listens");
    }

    private void killServer() throws Exception {
        server.destroyForcibly();
        assertTrue(server.waitFor(30, TimeUnit.SECONDS));
    }

    private void startMirror(MirrorConfig.Source source) throws Exception {
        FilePathConfig file = FilePathConfig.of("a", path("a"), FilePathConfig.Direct.PREFER);
        paths = new BlockPath[] {
            new FilePath(file, () -> {}),
            new NbdPath(NbdPathConfig.foreign("b", UnixDomainSocketAddress.of(path("sock")), ""))
        };
        for (BlockPath path : paths) {
            path.open(generation++);
            await(() -> path.doWork(System.nanoTime()) >= 0 && path.link() == Link.OPEN, path.name() + " is open");
        }
        RegionLogConfig log = RegionLogConfig.of("disk", DISK);
        mirror = MirroredDevice.start(
                MirrorConfig.of("disk")
                        .withSource(source)
                        .withBlockBytes(BLOCK)
                        .withTimes(5000 * MS, 50 * MS, 100 * MS),
                new Copy("a", paths[0], RegionLog.open(path("a.regions"), log, () -> {}), "file a"),
                new Copy("b", paths[1], RegionLog.open(path("b.regions"), log, () -> {}), "file b"),
                new BufferPool(64, 4, 1),
                () -> random.nextLong() | 1,
                this);
        await(() -> mirror.status().phase() != MirrorPhase.STARTING, "started");
    }

    private void turn() {
        if (mirror == null) {
            return;
        }
        for (BlockPath path : paths) {
            if (path.link() == Link.BROKEN && path.outstanding() == 0) {
                path.open(generation++);
            }
        }
        mirror.doWork(System.nanoTime());
    }

    private void await(BooleanSupplier condition, String what) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            turn();
            assertTrue(
                    System.nanoTime() - start < DEADLINE_NS,
                    () -> "not in time: " + what + ", seed " + seed + ", " + (mirror == null ? "" : mirror.status())
                            + events);
            LockSupport.parkNanos(50_000);
        }
    }

    /** Random writes, of which none may fail, each block with one value, no two on their way to the same block. */
    private void load(int count) {
        boolean[] busy = new boolean[expected.length];
        for (int i = 0; i < count; i++) {
            int block = random.nextInt(expected.length);
            await(() -> !busy[block] && outstanding < 32, "room for a write");
            byte value = (byte) (1 + random.nextInt(255));
            expected[block] = value;
            busy[block] = true;
            outstanding++;
            IoBuffer buffer = buffers.acquire(BLOCK);
            buffer.view().setMemory(0, BLOCK, value);
            BlockRequest request = new BlockRequest(i);
            request.write((long) block * BLOCK, BLOCK, buffer, 0, i % 16 == 0);
            request.submitTo(mirror, done -> {
                busy[block] = false;
                outstanding--;
                buffer.release();
                assertEquals(BlockFault.NONE, done.fault(), () -> "seed " + seed + " " + events);
            });
        }
        await(() -> outstanding == 0, "all writes ended");
    }

    private void flush() {
        BlockRequest flush = new BlockRequest(0);
        boolean[] ended = new boolean[1];
        flush.flush();
        flush.submitTo(mirror, done -> ended[0] = done.fault() == BlockFault.NONE);
        await(() -> ended[0], "a flush");
    }

    private void assertBothCopiesHoldEverything() throws IOException {
        await(() -> mirror.status().phase() == MirrorPhase.MIRRORED, "both copies in sync");
        flush();
        byte[] first = Files.readAllBytes(path("a"));
        byte[] second = Files.readAllBytes(path("b"));
        assertEquals(-1, Arrays.mismatch(first, second), () -> "seed " + seed + " " + events);
        for (int block = 0; block < expected.length; block++) {
            int at = block;
            assertEquals(expected[block], first[block * BLOCK], () -> "block " + at + ", seed " + seed);
        }
    }

    private void assertResyncedInPart() {
        long copied = mirror.status().resyncDoneBytes();
        assertTrue(copied > 0 && copied < DISK, "copied " + copied + " of " + DISK + ": not in proportion");
    }

    @Test
    void shouldGoOnThroughErrorsAndBringTheCopyBack() throws Exception {
        load(300);
        Files.createFile(path("inject"));
        load(40);
        assertEquals(MirrorPhase.DEGRADED, mirror.status().phase());
        assertTrue(
                mirror.status().secondReason().contains("IO"), mirror.status().secondReason());
        Files.delete(path("inject"));
        load(200);
        assertBothCopiesHoldEverything();
        assertResyncedInPart();
    }

    @Test
    void shouldGoOnWithoutACopyThatIsFullOrKilledAndBringItBack() throws Exception {
        load(200);
        killServer();
        load(30);
        assertNotEquals(CopyStatus.IN_SYNC, mirror.status().second());
        startServer("ENOSPC");
        assertBothCopiesHoldEverything();
        assertResyncedInPart();
        Files.createFile(path("inject"));
        load(20);
        assertTrue(
                mirror.status().secondReason().contains("NO_SPACE"),
                mirror.status().secondReason());
        Files.delete(path("inject"));
        assertBothCopiesHoldEverything();
    }

    @Test
    void shouldKnowAfterARestartWhatTheOtherCopyMisses() throws Exception {
        load(100);
        killServer();
        load(20);
        mirror.close();
        mirror = null;
        startServer("EIO");
        startMirror(MirrorConfig.Source.REFUSE);
        assertEquals("copy a was written to alone", mirror.status().reason());
        assertBothCopiesHoldEverything();
        assertResyncedInPart();
    }

    @Test
    void shouldFindOneFlippedBit() throws Exception {
        load(200);
        flush();
        try (RandomAccessFile file = new RandomAccessFile(path("b").toFile(), "rw")) {
            file.seek(20_000_001);
            int old = file.read();
            file.seek(20_000_001);
            file.write(old ^ 16);
        }
        assertTrue(mirror.startVerify());
        await(() -> mirror.verifyReport().state() != VerifyReport.State.RUNNING, "the comparison");
        assertEquals(VerifyReport.State.DIFFERENT, mirror.verifyReport().state());
        assertEquals(20_000_001 / BLOCK * BLOCK, mirror.verifyReport().differenceOffset());
    }

    @Override
    public void onPhase(MirrorPhase from, MirrorPhase to, String reason) {
        events.add(from + " -> " + to + ": " + reason);
    }

    @Override
    public void onCopy(String copy, CopyStatus from, CopyStatus to, String reason) {
        events.add(copy + " " + from + " -> " + to + ": " + reason);
    }
}
