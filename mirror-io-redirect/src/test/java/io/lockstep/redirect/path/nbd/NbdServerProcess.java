package io.lockstep.redirect.path.nbd;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A real NBD server of another project on a unix socket in a directory of its own. */
final class NbdServerProcess implements AutoCloseable {
    private static final long DEADLINE_NS = 20_000_000_000L;

    private final Path directory;
    private final Process process;

    private NbdServerProcess(Path directory, Process process) {
        this.directory = directory;
        this.process = process;
    }

    /** nbdkit in the foreground; {@code @DIR@} in an argument is the directory. */
    static NbdServerProcess nbdkit(String... arguments) throws IOException {
        return start("nbdkit", List.of("-f", "-U", "@DIR@/sock"), arguments);
    }

    /** qemu-nbd that stays when a client leaves. */
    static NbdServerProcess qemuNbd(String... arguments) throws IOException {
        return start("qemu-nbd", List.of("-t", "-k", "@DIR@/sock"), arguments);
    }

    private static NbdServerProcess start(String program, List<String> first, String... arguments) throws IOException {
        Path directory = Files.createTempDirectory("nbdpath");
        List<String> command = new ArrayList<>();
        command.add(program);
        command.addAll(first);
        command.addAll(List.of(arguments));
        command.replaceAll(part -> part.replace("@DIR@", directory.toString()));
        Path log = directory.resolve("log");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        NbdServerProcess server = new NbdServerProcess(directory, process);
        long start = System.nanoTime();
        while (!server.answers()) {
            assertTrue(
                    process.isAlive() && System.nanoTime() - start < DEADLINE_NS,
                    () -> command + " does not listen: " + server.log());
            Thread.onSpinWait();
        }
        return server;
    }

    private boolean answers() {
        if (!Files.exists(directory.resolve("sock"))) {
            return false;
        }
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            return channel.connect(socket());
        } catch (IOException e) {
            return false;
        }
    }

    String log() {
        try {
            return Files.readString(directory.resolve("log"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    Path directory() {
        return directory;
    }

    UnixDomainSocketAddress socket() {
        return UnixDomainSocketAddress.of(directory.resolve("sock"));
    }

    /** Tells nbdkit's pause filter something and returns what it answers. */
    int control(char what) throws IOException {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(directory.resolve("control")))) {
            java.nio.ByteBuffer one = java.nio.ByteBuffer.wrap(new byte[] {(byte) what});
            channel.write(one);
            one.clear();
            channel.read(one);
            return one.get(0);
        }
    }

    /** SIGKILL. */
    void kill() {
        process.destroyForcibly();
        try {
            assertTrue(process.waitFor(20, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() throws IOException {
        kill();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
