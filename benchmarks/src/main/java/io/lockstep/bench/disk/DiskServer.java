package io.lockstep.bench.disk;

import io.lockstep.host.rig.RigException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A server process on a unix socket; {@link #close} ends it. */
final class DiskServer implements AutoCloseable {
    private static final long START_NS = 30_000_000_000L;
    private static final int USER_TICKS = 11; // fields of /proc/PID/stat after the name: see proc(5)
    private static final int SYSTEM_TICKS = 12;
    private static final long US_PER_TICK = 10_000; // USER_HZ is 100 on every Linux

    private final ServerKind kind;
    private final Path socket;
    private final Path log;
    private final Process process;

    private DiskServer(ServerKind kind, Path socket, Path log, Process process) {
        this.kind = kind;
        this.socket = socket;
        this.log = log;
        this.process = process;
    }

    /** Started, and it accepts connections. Its socket, log and configuration are in the directory. */
    static DiskServer start(ServerKind kind, Path file, Path directory, boolean direct) throws RigException {
        Path socket = directory.resolve(kind.label() + ".sock");
        Path log = directory.resolve(kind.label() + ".log");
        List<String> command = kind.command(file, socket, direct);
        Process process;
        try {
            process = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
        } catch (IOException e) {
            throw new RigException("cannot start " + kind.label() + ": " + e.getMessage(), e);
        }
        DiskServer server = new DiskServer(kind, socket, log, process);
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        try {
            server.awaitSocket();
        } catch (RigException e) {
            server.close();
            throw e;
        }
        return server;
    }

    private void awaitSocket() throws RigException {
        long deadlineNs = System.nanoTime() + START_NS;
        while (!accepts()) {
            if (!process.isAlive() || System.nanoTime() - deadlineNs > 0) {
                throw new RigException(kind.label() + " does not serve: " + text(log));
            }
            try {
                process.waitFor(20, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new RigException("interrupted", e);
            }
        }
    }

    private boolean accepts() {
        if (!Files.exists(socket)) {
            return false;
        }
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            return channel.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    ServerKind kind() {
        return kind;
    }

    /** For fio. */
    String uri() {
        return "nbd+unix:///" + ServerKind.EXPORT + "?socket=" + socket;
    }

    /** Processor time of all its threads, in microseconds, to 10 ms. */
    long cpuUs() throws RigException {
        String stat = text(Path.of("/proc", Long.toString(process.pid()), "stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", -1);
        if (fields.length <= SYSTEM_TICKS) {
            throw new RigException(kind.label() + " has ended: " + text(log));
        }
        return US_PER_TICK * (Long.parseLong(fields[USER_TICKS]) + Long.parseLong(fields[SYSTEM_TICKS]));
    }

    private static String text(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            return "(" + file + " cannot be read: " + e.getMessage() + ")";
        }
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
