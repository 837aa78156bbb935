package io.lockstep.host.rig;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A host's copy of the disk behind nbdkit, a foreign server that fails or stands still on command: what a broken controller does.
 *
 * <p>Threading: one thread drives it.
 */
public final class DiskServer implements AutoCloseable {
    private static final long START_NS = 10_000_000_000L;
    private static final long LOOK_MS = 10;

    private final Path directory;
    private final Process process;

    private DiskServer(Path directory, Process process) {
        this.directory = directory;
        this.process = process;
    }

    /** Serves {@code directory/image}; ends with this process. */
    static DiskServer start(Path directory, List<String> enter) throws RigException {
        List<String> command = new ArrayList<>(enter);
        command.addAll(List.of(
                "nbdkit",
                "--foreground",
                "--exit-with-parent",
                "--unix",
                socket(directory).toString()));
        command.addAll(List.of(
                "--filter=pause", "--filter=error", "file", image(directory).toString()));
        command.addAll(List.of("error=EIO", "error-rate=100%", "error-file=" + directory.resolve("fail")));
        command.add("pause-control=" + directory.resolve("control"));
        DiskServer server;
        try {
            server = new DiskServer(
                    directory,
                    new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(directory.resolve("nbdkit.log").toFile())
                            .start());
        } catch (IOException e) {
            throw new RigException("cannot start nbdkit: " + e.getMessage(), e);
        }
        long startNs = System.nanoTime();
        while (!Files.exists(socket(directory))) {
            Waiting.pause(LOOK_MS);
            if (System.nanoTime() - startNs > START_NS || !server.process.isAlive()) {
                String said = Tail.text(directory.resolve("nbdkit.log"));
                server.close();
                throw new RigException("nbdkit does not serve " + image(directory) + ": " + said);
            }
        }
        return server;
    }

    static Path image(Path directory) {
        return directory.resolve("image");
    }

    static Path socket(Path directory) {
        return directory.resolve("nbd");
    }

    /** From now on every request is answered with an error. */
    public void fail() throws RigException {
        try {
            Files.createFile(directory.resolve("fail"));
        } catch (IOException e) {
            throw new RigException("cannot make the disk fail: " + e.getMessage(), e);
        }
    }

    /** From now on no request is answered. */
    public void stall() throws RigException {
        command('p', 'P');
    }

    /** Ends both. */
    public void heal() throws RigException {
        try {
            Files.deleteIfExists(directory.resolve("fail"));
        } catch (IOException e) {
            throw new RigException("cannot make the disk work again: " + e.getMessage(), e);
        }
        command('r', 'R');
    }

    private void command(char word, char answer) throws RigException {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(directory.resolve("control")));
            channel.write(ByteBuffer.wrap(new byte[] {(byte) word}));
            ByteBuffer said = ByteBuffer.allocate(1);
            if (channel.read(said) != 1 || said.get(0) != (byte) answer) {
                throw new RigException("nbdkit did not obey '" + word + "'");
            }
        } catch (IOException e) {
            throw new RigException("cannot tell nbdkit '" + word + "': " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
