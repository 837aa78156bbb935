package io.lockstep.host.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.host.rig.Launcher;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./mirror nbd} with two paths to a target and with two copies, under fio's verifying load, while a part of it fails. */
@Timeout(300)
class Level2IT {
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final int DISK = 64 << 20;
    private static final String TARGET = "iqn.2026-11.io.lockstep:level2";
    private static final String COPIES =
            """
            listen: {unix: DIR/s}
            open-timeout: 10s
            redirect: {unfenced: settle, settle: 500ms}
            copies:
              source: equal
              block-size: 4096
              verify-every: VERIFY
              first: {name: here, log: DIR/here.log, paths: [{name: file, file: DIR/a}]}
              second: {name: there, log: DIR/there.log, paths: [{name: server, nbd: DIR/sock}]}
            """;

    @TempDir
    Path directory;

    private final List<Process> processes = new ArrayList<>();

    @AfterEach
    void endProcesses() throws Exception {
        for (Process process : processes) {
            process.destroyForcibly();
            assertTrue(process.waitFor(30, TimeUnit.SECONDS));
        }
    }

    private Path path(String name) {
        return directory.resolve(name);
    }

    private void image(String name, long bytes) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path(name).toFile(), "rw")) {
            file.setLength(bytes);
        }
    }

    private Process start(String... command) throws IOException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(path(Path.of(command[0]).getFileName() + ".out").toFile())
                .start();
        processes.add(process);
        return process;
    }

    private void run(String... command) throws Exception {
        Process process = start(command);
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), command[0]);
        assertEquals(0, process.exitValue(), () -> String.join(" ", command) + "\n" + said(command[0]));
    }

    private String said(String tool) {
        try {
            return Files.readString(path(tool + ".out"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static void await(BooleanSupplier condition, String what) throws InterruptedException {
        long endNs = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - endNs < 0, what);
            LockSupport.parkNanos(20_000_000);
        }
    }

    private Launcher mirror(String yaml) throws Exception {
        String text = yaml.replace("DIR", directory.toString()).replace("VERIFY", "0s");
        Path config = Files.writeString(path("nbd.yaml"), text);
        return Launcher.start(directory, "nbd", "--config", config.toString());
    }

    private void nbdkit(String... more) throws Exception {
        List<String> command =
                new ArrayList<>(List.of("nbdkit", "-f", "-U", path("sock").toString()));
        command.addAll(List.of("--filter=error", "file", path("b").toString(), "error=EIO", "error-rate=100%"));
        command.add("error-file=" + path("inject"));
        command.addAll(List.of(more));
        start(command.toArray(String[]::new));
        await(() -> Files.exists(path("sock")), "nbdkit listens");
    }

    /** Some seconds of writes, then reads of all that was written. */
    private Process fio() throws IOException {
        return start(
                "fio",
                "--name=v",
                "--ioengine=nbd",
                "--uri=nbd+unix:///disk?socket=" + path("s"),
                "--rw=randwrite",
                "--bs=16k",
                "--iodepth=16",
                "--size=64M",
                "--rate_iops=400,400",
                "--verify=crc32c",
                "--verify_fatal=1",
                "--do_verify=1",
                "--verify_state_save=0");
    }

    private void awaitData(String image) throws Exception {
        await(
                () -> {
                    try {
                        byte[] bytes = Files.readAllBytes(path(image));
                        int written = 0;
                        for (int at = 0; at < bytes.length; at += 16 << 10) {
                            written += bytes[at] == 0 ? 0 : 1;
                        }
                        return written > 200;
                    } catch (IOException e) {
                        throw new IllegalStateException(e);
                    }
                },
                image + " holds some of the load");
    }

    private void assertFioIsGood(Process fio) throws Exception {
        assertTrue(fio.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS), "fio ends");
        assertEquals(0, fio.exitValue(), () -> said("fio"));
    }

    private void endInOrderAndCompare(Launcher server) throws Exception {
        server.interrupt();
        server.awaitEnd(PATIENCE);
        assertTrue(server.output().contains("ended"), server.output());
        run(
                "qemu-img",
                "compare",
                "-f",
                "raw",
                "-F",
                "raw",
                path("a").toString(),
                path("b").toString());
    }

    @Test
    void shouldGoOnOverTheOtherPathWhenAPortalStalls() throws Exception {
        image("a", DISK);
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        target(port);
        try (StallingWire wire = new StallingWire(port);
                Launcher server = mirror(
                        """
                        listen: {unix: DIR/s}
                        state: DIR/generation
                        paths:
                          - {name: hba0, iscsi: "%s", target: "%s", lun: 1, initiator: "iqn.2026-11.io.lockstep:h0", disk-key: 77, path-key: 0}
                          - {name: hba1, iscsi: "127.0.0.1:%d", target: "%s", lun: 1, initiator: "iqn.2026-11.io.lockstep:h1", disk-key: 77, path-key: 1}
                        """
                                .formatted(wire.portal(), TARGET, port, TARGET))) {
            server.awaitOutput("serves 'disk', 64 MiB", PATIENCE);
            Process fio = fio();
            awaitData("a");
            wire.stall();
            server.awaitOutput("path hba0: ACTIVE -> LEFT", PATIENCE);
            server.awaitOutput("path hba1: FENCING -> ACTIVE", PATIENCE);
            assertFioIsGood(fio);
        }
    }

    private void target(int port) throws Exception {
        Files.createDirectories(Path.of("/run/tgtd"));
        String control = "" + ThreadLocalRandom.current().nextInt(1_000, 32_000);
        start("tgtd", "-f", "-C", control, "--iscsi", "portal=127.0.0.1:" + port);
        String[] admin = {"tgtadm", "-C", control, "--lld", "iscsi", "--tid", "1", "--op"};
        await(() -> tries(admin, "new", "--mode", "target", "-T", TARGET), "tgtd answers");
        assertTrue(tries(
                admin,
                "new",
                "--mode",
                "logicalunit",
                "--lun",
                "1",
                "-b",
                path("a").toString()));
        assertTrue(tries(admin, "bind", "--mode", "target", "-I", "ALL"));
    }

    private boolean tries(String[] command, String... more) {
        List<String> all = new ArrayList<>(List.of(command));
        all.addAll(List.of(more));
        try {
            Process process = start(all.toArray(String[]::new));
            return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void shouldGoOnWithOneCopyAndBringTheOtherOneAfter() throws Exception {
        image("a", DISK);
        image("b", DISK);
        nbdkit();
        try (Launcher server = mirror(COPIES)) {
            server.awaitOutput("serves 'disk', 64 MiB", PATIENCE);
            Process fio = fio();
            awaitData("b");
            Files.createFile(path("inject"));
            server.awaitOutput("copy there: LATCHING -> STALE", PATIENCE);
            Files.delete(path("inject"));
            server.awaitOutput("resync: ", PATIENCE);
            server.awaitOutput("mirror: RESYNCING -> MIRRORED", PATIENCE);
            assertFioIsGood(fio);
            endInOrderAndCompare(server);
        }
    }

    @Test
    void shouldComeUpAfterSigkillUnderLoadAndMakeTheCopiesEqual() throws Exception {
        image("a", DISK);
        image("b", DISK);
        nbdkit();
        try (Launcher server = mirror(COPIES)) {
            server.awaitOutput("serves 'disk'", PATIENCE);
            fio();
            awaitData("b");
            server.kill();
            server.awaitEnd(PATIENCE);
        }
        Files.delete(path("s"));
        try (Launcher server = mirror(COPIES.replace("source: equal", "source: refuse"))) {
            server.awaitOutput("mirror: RESYNCING -> MIRRORED", PATIENCE);
            server.awaitOutput("serves 'disk'", PATIENCE);
            assertFioIsGood(fio());
            endInOrderAndCompare(server);
        }
    }

    @Test
    void shouldNameTheRangeInWhichTheCopiesDiffer() throws Exception {
        image("a", DISK);
        image("b", DISK);
        nbdkit();
        try (RandomAccessFile rotten = new RandomAccessFile(path("b").toFile(), "rw")) {
            rotten.seek((5 << 20) + 4096);
            rotten.write(7);
        }
        try (Launcher server = mirror(COPIES.replace("VERIFY", "1s"))) {
            server.awaitOutput("verify: THE COPIES DIFFER at offset 5246976, 4096 bytes", PATIENCE);
        }
    }

    @Test
    void shouldRefuseWhatCannotBeTwoCopies() throws Exception {
        image("a", DISK);
        image("b", DISK / 2);
        nbdkit("-r");
        try (Launcher server = mirror(COPIES)) {
            assertEquals(1, server.awaitEnd(PATIENCE));
            assertTrue(server.output().contains("copy there is read-only"), server.output());
            assertTrue(server.output().contains("67108864 and 33554432 bytes"), server.output());
        }
        Files.createSymbolicLink(path("other"), path("a"));
        try (Launcher server = mirror(COPIES.replace("nbd: DIR/sock", "file: DIR/other"))) {
            assertEquals(1, server.awaitEnd(PATIENCE));
            assertTrue(server.output().contains("both copies are the same place"), server.output());
        }
    }
}
