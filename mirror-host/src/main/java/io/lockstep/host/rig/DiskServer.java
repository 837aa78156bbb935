package io.lockstep.host.rig;

import java.io.IOException;
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
    private static final long GOES_ON_MS = 500;

    private final Path directory;
    private final List<String> enter;
    private Process process;

    private DiskServer(Path directory, List<String> enter) {
        this.directory = directory;
        this.enter = enter;
    }

    /** Serves {@code directory/image}; ends with this process. */
    static DiskServer start(Path directory, List<String> enter) throws RigException {
        DiskServer server = new DiskServer(directory, enter);
        server.launch();
        return server;
    }

    private void launch() throws RigException {
        List<String> command = new ArrayList<>(enter);
        command.addAll(List.of("nbdkit", "--foreground", "--exit-with-parent", "--unix"));
        command.addAll(List.of(
                socket(directory).toString(),
                "--filter=error",
                "file",
                image(directory).toString()));
        command.addAll(List.of("error=EIO", "error-rate=100%", "error-file=" + directory.resolve("fail")));
        try {
            Files.deleteIfExists(socket(directory));
            process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("nbdkit.log").toFile())
                    .start();
        } catch (IOException e) {
            throw new RigException("cannot start nbdkit: " + e.getMessage(), e);
        }
        long startNs = System.nanoTime();
        while (!Files.exists(socket(directory))) {
            Waiting.pause(LOOK_MS);
            if (System.nanoTime() - startNs > START_NS || !process.isAlive()) {
                close();
                throw new RigException("nbdkit does not serve " + image(directory) + ": "
                        + Tail.text(directory.resolve("nbdkit.log")));
            }
        }
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

    /** From now on no request is answered: what was asked is done, late, after {@link #heal}. */
    public void stall() throws RigException {
        signal("STOP");
    }

    /** Ends both. */
    public void heal() throws RigException {
        try {
            Files.deleteIfExists(directory.resolve("fail"));
        } catch (IOException e) {
            throw new RigException("cannot make the disk work again: " + e.getMessage(), e);
        }
        signal("CONT");
        // nbdkit 1.32 fails an assertion when a client has left in the middle of a write; a controller would be reset.
        try {
            if (process.waitFor(GOES_ON_MS, TimeUnit.MILLISECONDS)) {
                launch();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RigException("interrupted while the disk goes on", e);
        }
    }

    private void signal(String name) throws RigException {
        Tool.run("sh", "-c", "kill -" + name + " " + process.pid());
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
