package io.lockstep.redirect.path.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.path.BlockPath.Link;
import io.lockstep.redirect.path.PathDriver;
import io.lockstep.redirect.path.file.FilePathConfig.Direct;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files on a file system of its own: full, or read-only. Needs the right to mount, as dev/isolate gives. */
class FilePathIT {
    private static final int MIB = 1 << 20;

    @TempDir
    Path directory;

    private Path mount;

    @BeforeEach
    void mountSmallFileSystem() throws Exception {
        assumeTrue(System.getenv("MIRROR_ISOLATED") != null, "mounts only where they go away by themselves");
        mount = Files.createDirectory(directory.resolve("mount"));
        run("mount", "-t", "tmpfs", "-o", "size=1m", "small", mount.toString());
        try (RandomAccessFile file = new RandomAccessFile(mount.resolve("disk").toFile(), "rw")) {
            file.setLength(4 * MIB);
        }
    }

    @AfterEach
    void unmount() throws Exception {
        if (mount != null) {
            run("umount", "--lazy", mount.toString());
        }
    }

    @Test
    void shouldSayThatTheMediumIsFullAndGoOn() throws Exception {
        try (PathDriver driver = driver()) {
            driver.opened();
            byte[] half = PathDriver.pattern(1, MIB / 2);
            assertEquals(BlockFault.NONE, driver.write(0, half, true));
            assertEquals(BlockFault.NO_SPACE, driver.write(MIB, new byte[MIB], false));
            BlockRequest zero = driver.request();
            zero.writeZeroes(2 * MIB, MIB, false, true, true);
            BlockFault fast = driver.finish(zero);
            assertTrue(fast == BlockFault.NOT_SUPPORTED || fast == BlockFault.NO_SPACE, fast.toString());
            BlockRequest discard = driver.request();
            discard.discard(MIB, 3 * MIB, false);
            assertEquals(BlockFault.NONE, driver.finish(discard));
            assertEquals(BlockFault.NONE, driver.write(MIB, half.clone(), false), "there is room again");
            assertArrayEquals(half, driver.read(0, half.length));
            assertEquals(Link.OPEN, driver.path().link());
        }
    }

    @Test
    void shouldSeeThatTheFileSystemIsReadOnly() throws Exception {
        run("mount", "-o", "remount,ro", mount.toString());
        try (PathDriver driver = driver()) {
            driver.opened();
            assertTrue(driver.path().geometry().readOnly());
            assertEquals(BlockFault.PERMISSION, driver.write(0, new byte[4096], false));
            assertEquals(4096, driver.read(0, 4096).length);
        }
    }

    private PathDriver driver() {
        FilePathConfig config = FilePathConfig.of("small", mount.resolve("disk"), Direct.NEVER);
        return new PathDriver(wakeUp -> new FilePath(config, wakeUp));
    }

    private static void run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).inheritIO().start();
        assertTrue(process.waitFor(20, TimeUnit.SECONDS));
        assertEquals(0, process.exitValue(), String.join(" ", command));
    }
}
