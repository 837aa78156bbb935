package io.lockstep.redirect.path.iscsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** A real target: Debian's tgtd with one logical unit in a file. As root. */
final class IscsiTarget implements AutoCloseable {
    static final String NAME = "iqn.2026-11.io.lockstep:disk";
    static final int LUN = 1;

    private static final long DEADLINE_NS = 20_000_000_000L;

    private final Path file;
    private final int control = ThreadLocalRandom.current().nextInt(1_000, 32_000);
    private final int port;
    private Process daemon;

    /** A unit of that many bytes, all zero. */
    IscsiTarget(Path directory, long size) throws IOException {
        file = directory.resolve("lun");
        try (RandomAccessFile created = new RandomAccessFile(file.toFile(), "rw")) {
            created.setLength(size);
        }
        try (ServerSocket free = new ServerSocket()) {
            free.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            port = free.getLocalPort();
        }
        start();
    }

    /** Starts the daemon, after {@link #kill} on the same port with the same unit. */
    void start() throws IOException {
        Files.createDirectories(Path.of("/run/tgtd"));
        daemon = new ProcessBuilder("tgtd", "-f", "-C", "" + control, "--iscsi", "portal=127.0.0.1:" + port)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        long start = System.nanoTime();
        while (!tryAdmin("--op", "new", "--mode", "target", "--tid", "1", "-T", NAME)) {
            assertTrue(daemon.isAlive(), "tgtd ended: is this root?");
            assertTrue(System.nanoTime() - start < DEADLINE_NS, "tgtd does not answer");
        }
        admin("--op", "new", "--mode", "logicalunit", "--tid", "1", "--lun", "" + LUN, "-b", file.toString());
        admin("--op", "bind", "--mode", "target", "--tid", "1", "-I", "ALL");
        while (!listens()) {
            assertTrue(System.nanoTime() - start < DEADLINE_NS, "tgtd does not listen");
        }
    }

    private boolean listens() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    void admin(String... arguments) throws IOException {
        assertTrue(tryAdmin(arguments), () -> "tgtadm " + String.join(" ", arguments));
    }

    private boolean tryAdmin(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("tgtadm", "-C", "" + control, "--lld", "iscsi"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            assertTrue(process.waitFor(10, TimeUnit.SECONDS), said);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return process.exitValue() == 0;
    }

    int port() {
        return port;
    }

    String portal() {
        return "127.0.0.1:" + port;
    }

    IscsiPathConfig path(int number) {
        return path(number, portal());
    }

    IscsiPathConfig path(int number, String portal) {
        return IscsiPathConfig.of(
                "hba" + number, portal, NAME, LUN, "iqn.2026-11.io.lockstep:host" + number, 0x7ab1e5, number);
    }

    /** What the medium holds. */
    byte[] content(long offset, int length) throws IOException {
        byte[] bytes = new byte[length];
        try (RandomAccessFile medium = new RandomAccessFile(file.toFile(), "r")) {
            medium.seek(offset);
            medium.readFully(bytes);
        }
        return bytes;
    }

    /** SIGKILL. */
    void kill() {
        daemon.destroyForcibly();
        try {
            assertTrue(daemon.waitFor(10, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        assertEquals(137, daemon.exitValue());
    }

    @Override
    public void close() {
        if (daemon.isAlive()) {
            kill();
        }
    }
}
