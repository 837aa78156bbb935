package io.lockstep.host.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.host.rig.Launcher;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./mirror nbd} as a person runs it. */
@Timeout(180)
class NbdCommandIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int INTERRUPTED = 130;

    @TempDir
    Path directory;

    private Path disk() throws Exception {
        Path disk = directory.resolve("disk");
        try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
            file.setLength(16 << 20);
        }
        return disk;
    }

    private Path config(String text) throws Exception {
        return Files.writeString(directory.resolve("nbd.yaml"), text.replace("DIR", directory.toString()));
    }

    private static void client(String... command) throws Exception {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        assertEquals(0, process.exitValue(), String.join(" ", command));
    }

    @Test
    void shouldServeAFileUntilItIsInterrupted() throws Exception {
        disk();
        Path config = config("listen: {unix: DIR/s}\npaths: [{name: local, file: DIR/disk}]\n");
        try (Launcher server = Launcher.start(directory, "nbd", "--config", config.toString())) {
            server.awaitOutput("serves 'disk', 16 MiB", PATIENCE);
            String uri = "nbd+unix:///disk?socket=" + directory.resolve("s");
            client("qemu-io", "-f", "raw", "-c", "write -P 7 0 64k", "-c", "read -P 7 0 64k", uri);
            server.interrupt();
            assertEquals(INTERRUPTED, server.awaitEnd(PATIENCE));
            assertTrue(server.output().contains("ended"), server.output());
            assertFalse(Files.exists(directory.resolve("s")));
            assertEquals(7, Files.readAllBytes(directory.resolve("disk"))[65_535]);
        }
    }

    @Test
    void shouldServeSeveralPathsAndKeepTheGeneration() throws Exception {
        disk();
        Path config = config(
                """
                listen: {unix: DIR/s}
                state: DIR/generation
                paths:
                  - {name: first, file: DIR/disk}
                  - {name: second, file: DIR/disk}
                """);
        try (Launcher server = Launcher.start(directory, "nbd", "--config", config.toString())) {
            server.awaitOutput("serves 'disk'", PATIENCE);
            String uri = "nbd+unix:///disk?socket=" + directory.resolve("s");
            client("qemu-io", "-f", "raw", "-c", "write -P 7 0 64k", "-c", "read -P 7 0 64k", uri);
            server.interrupt();
            assertEquals(INTERRUPTED, server.awaitEnd(PATIENCE));
        }
        assertTrue(
                Long.parseLong(Files.readString(directory.resolve("generation")).strip()) > 0);
    }

    @Test
    void shouldRefuseABadConfigurationAndADiskThatIsNotThere() throws Exception {
        try (Launcher server = Launcher.start(
                directory, "nbd", "--config", config("listen: {}\npaths: []\n").toString())) {
            assertEquals(2, server.awaitEnd(PATIENCE));
            assertTrue(server.output().contains("listen is missing"), server.output());
        }
        Path missing = config("listen: {unix: DIR/s}\npaths: [{name: local, file: DIR/none}]\n");
        try (Launcher server = Launcher.start(directory, "nbd", "--config", missing.toString())) {
            assertEquals(1, server.awaitEnd(PATIENCE));
            assertTrue(server.output().contains("the disk cannot be opened: path local is BROKEN"), server.output());
        }
    }
}
