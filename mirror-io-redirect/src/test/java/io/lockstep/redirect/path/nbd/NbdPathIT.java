package io.lockstep.redirect.path.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.IoBuffer;
import io.lockstep.redirect.path.BlockPath.Fencing;
import io.lockstep.redirect.path.BlockPath.Link;
import io.lockstep.redirect.path.PathAllocations;
import io.lockstep.redirect.path.PathDriver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What goes wrong with real servers. */
class NbdPathIT {
    private static final int BLOCK = 4096;

    @TempDir
    Path directory;

    @Test
    void shouldPassOnTheErrorOfOneRequestAndGoOn() throws Exception {
        try (NbdServerProcess server = NbdServerProcess.nbdkit(
                        "--filter=error",
                        "memory",
                        "8M",
                        "error-pwrite=ENOSPC",
                        "error-pread=EIO",
                        "error-rate=100%",
                        "error-file=@DIR@/inject");
                PathDriver driver = driver(server)) {
            driver.opened();
            assertEquals(BlockFault.NONE, driver.write(0, new byte[BLOCK], false));
            Files.createFile(server.directory().resolve("inject"));
            assertEquals(BlockFault.NO_SPACE, driver.write(0, new byte[BLOCK], false));
            IoBuffer buffer = driver.buffer(BLOCK);
            BlockRequest read = driver.request();
            read.read(0, BLOCK, buffer, 0);
            assertEquals(BlockFault.IO, driver.finish(read));
            buffer.release();
            Files.delete(server.directory().resolve("inject"));
            assertEquals(BLOCK, driver.read(0, BLOCK).length);
            assertEquals(Link.OPEN, driver.path().link());
        }
    }

    @Test
    void shouldHaveManyRequestsWithASlowServer() throws Exception {
        try (NbdServerProcess server = NbdServerProcess.nbdkit(
                        "-t", "32", "--filter=delay", "memory", "8M", "delay-write=20ms", "delay-read=10ms");
                PathDriver driver = driver(server)) {
            driver.opened();
            IoBuffer buffer = driver.buffer(BLOCK);
            for (int i = 0; i < 64; i++) {
                BlockRequest write = driver.request();
                write.write((long) i * BLOCK, BLOCK, buffer, 0, false);
                driver.submit(write);
            }
            assertEquals(64, driver.path().outstanding());
            driver.await(() -> driver.ended().size() == 64, "64 slow writes");
            driver.ended().forEach(write -> assertEquals(BlockFault.NONE, write.fault()));
            buffer.release();
        }
    }

    @Test
    void shouldLeaveAServerThatStallsAndComeBack() throws Exception {
        try (NbdServerProcess server =
                        NbdServerProcess.nbdkit("--filter=pause", "memory", "8M", "pause-control=@DIR@/control");
                PathDriver driver = driver(server)) {
            driver.opened();
            driver.write(0, PathDriver.pattern(1, BLOCK), true);
            assertEquals('P', server.control('p'));
            List<BlockRequest> stalled = new ArrayList<>();
            IoBuffer buffer = driver.buffer(1 << 20);
            // More than the socket holds: the rest cannot have reached the server.
            for (int i = 0; i < 16; i++) {
                BlockRequest write = driver.request();
                write.write(i % 8 << 20, i == 0 ? BLOCK : 1 << 20, buffer, 0, false);
                stalled.add(write);
                driver.submit(write);
            }
            for (int i = 0; i < 20; i++) {
                driver.turn();
            }
            assertEquals(16, driver.path().outstanding());
            driver.path().abandon("it stalls");
            assertEquals(0, driver.path().outstanding());
            assertEquals(BlockFault.IO, stalled.get(0).fault());
            assertEquals(BlockFault.NOT_ISSUED, stalled.get(15).fault());
            buffer.release();
            assertEquals('R', server.control('r'));
            driver.opened();
            assertEquals(BLOCK, driver.read(0, BLOCK).length);
        }
    }

    @Test
    void shouldBreakWhenTheServerIsKilled() throws Exception {
        try (NbdServerProcess server = NbdServerProcess.nbdkit("--filter=delay", "memory", "8M", "delay-write=60");
                PathDriver driver = driver(server)) {
            driver.opened();
            IoBuffer buffer = driver.buffer(BLOCK);
            BlockRequest write = driver.request();
            write.write(0, BLOCK, buffer, 0, true);
            driver.submit(write);
            driver.turn();
            server.kill();
            driver.await(() -> driver.path().link() == Link.BROKEN, "the end of the server");
            assertEquals(BlockFault.IO, write.fault());
            assertTrue(
                    driver.path().trouble().contains("closed the connection")
                            || driver.path().trouble().contains("reset"),
                    driver.path().trouble());
            buffer.release();
            assertEquals(Link.BROKEN, driver.open(2), "nobody listens");
            assertTrue(
                    driver.path().trouble().contains("refused"), driver.path().trouble());
        }
    }

    @Test
    void shouldKnowADiskThatIsReadOnly() throws Exception {
        try (NbdServerProcess server = NbdServerProcess.nbdkit("-r", "pattern", "8M");
                PathDriver driver = driver(server)) {
            driver.opened();
            assertTrue(driver.path().geometry().readOnly());
            assertEquals(BlockFault.PERMISSION, driver.write(0, new byte[BLOCK], false));
            byte[] read = driver.read(1 << 20, BLOCK);
            assertArrayEquals(new byte[] {0, 0, 0, 0, 0, 0x10, 0, 0}, java.util.Arrays.copyOf(read, 8));
        }
    }

    @Test
    void shouldKeepToTheBlockSizesOfTheServer() throws Exception {
        try (NbdServerProcess server = NbdServerProcess.nbdkit(
                        "--filter=blocksize-policy",
                        "memory",
                        "8M",
                        "blocksize-minimum=4096",
                        "blocksize-preferred=65536",
                        "blocksize-maximum=262144",
                        "blocksize-error-policy=error");
                PathDriver driver = driver(server)) {
            driver.opened();
            assertEquals(4096, driver.path().geometry().minBlock());
            assertEquals(65536, driver.path().geometry().preferredBlock());
            assertEquals(262144, driver.path().geometry().maxTransfer());
            assertEquals(BlockFault.INVALID, driver.write(512, new byte[512], false));
            assertEquals(BlockFault.INVALID, driver.write(0, new byte[262144 + 4096], false));
            assertEquals(BlockFault.NONE, driver.write(4096, new byte[262144], false));
        }
    }

    @Test
    void shouldTellHolesFromData() throws Exception {
        try (NbdServerProcess server = NbdServerProcess.nbdkit("data", "@1048576 1*65536", "size=8M");
                PathDriver driver = driver(server)) {
            driver.opened();
            BlockRequest status = driver.request();
            status.status(0, 8 << 20);
            assertEquals(BlockFault.NONE, driver.finish(status));
            assertTrue(status.extentHole() && status.extentZero());
            long run = status.extentLength();
            assertTrue(run > 0 && run <= 1 << 20, "run " + run);
            status.status(1 << 20, 65536);
            driver.ended().clear();
            assertEquals(BlockFault.NONE, driver.finish(status));
            assertFalse(status.extentZero());
        }
    }

    @Test
    void shouldSayWhyAServerDoesNotTakeIt() throws Exception {
        try (NbdServerProcess old = NbdServerProcess.nbdkit("--mask-handshake=0", "memory", "8M");
                PathDriver driver = driver(old)) {
            assertEquals(Link.BROKEN, driver.open(1));
            assertTrue(
                    driver.path().trouble().contains("fixed newstyle"),
                    driver.path().trouble());
        }
        Path disk = Files.write(directory.resolve("disk"), new byte[1 << 20]);
        try (NbdServerProcess other = NbdServerProcess.qemuNbd("-f", "raw", "-x", "other", "-e", "4", disk.toString());
                PathDriver driver = driver(other)) {
            assertEquals(Link.BROKEN, driver.open(1));
            assertTrue(
                    driver.path().trouble().contains("no such export"),
                    driver.path().trouble());
        }
        try (PathDriver driver = new PathDriver(wakeUp -> new NbdPath(
                NbdPathConfig.foreign("nobody", UnixDomainSocketAddress.of(directory.resolve("nobody")), "")))) {
            assertEquals(Link.BROKEN, driver.open(1));
            assertTrue(driver.path().trouble().contains("nobody"), driver.path().trouble());
        }
    }

    @Test
    void shouldReachAServerOverTcp() throws Exception {
        int port;
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = probe.getLocalPort();
        }
        Process server = new ProcessBuilder(
                        "nbdkit", "-f", "-i", "127.0.0.1", "-p", String.valueOf(port), "memory", "8M")
                .start();
        NbdPathConfig config =
                NbdPathConfig.foreign("tcp", new InetSocketAddress(InetAddress.getLoopbackAddress(), port), "");
        try (PathDriver driver = new PathDriver(wakeUp -> new NbdPath(config))) {
            driver.await(() -> driver.open(1) == Link.OPEN, "nbdkit to listen");
            byte[] bytes = PathDriver.pattern(3, 1 << 20);
            assertEquals(BlockFault.NONE, driver.write(1 << 20, bytes, true));
            assertArrayEquals(bytes, driver.read(1 << 20, bytes.length));
            assertEquals(Fencing.NONE, driver.path().fencing());
        } finally {
            server.destroyForcibly();
        }
    }

    @Test
    void shouldAllocateNothingPerRequest() throws Exception {
        try (NbdServerProcess server = NbdServerProcess.nbdkit("memory", "8M");
                PathDriver driver = driver(server)) {
            driver.opened();
            PathAllocations.assertNone(driver);
        }
    }

    private static PathDriver driver(NbdServerProcess server) {
        return new PathDriver(wakeUp -> new NbdPath(NbdPathConfig.foreign("nbd", server.socket(), "")));
    }
}
