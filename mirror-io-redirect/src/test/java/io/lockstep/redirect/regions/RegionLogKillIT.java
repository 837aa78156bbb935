package io.lockstep.redirect.regions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that marks is killed at random moments; everything it said was safe is there. A file system that is full. */
class RegionLogKillIT {
    private static final RegionLogConfig CONFIG = RegionLogConfig.of("web", 8L << 30);

    @TempDir
    Path directory;

    @Test
    void shouldHoldEverythingThatAKilledProcessWasPromised() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Path path = directory.resolve("web.regions");
        BitSet promised = new BitSet();
        long token = 0;
        for (int round = 0; round < 6; round++) {
            Process child = new ProcessBuilder(List.of(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx64m",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Marker.class.getName(),
                            path.toString(),
                            Long.toString(seed + round)))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            int wanted = 1 + random.nextInt(300);
            int seen = 0;
            try (BufferedReader said = child.inputReader(StandardCharsets.UTF_8)) {
                for (String line = said.readLine(); line != null; line = said.readLine()) {
                    if (line.startsWith("token ")) {
                        token = Long.parseLong(line.substring(6));
                    } else {
                        promised.set(Integer.parseInt(line));
                    }
                    if (++seen == wanted) {
                        child.destroyForcibly();
                    }
                }
            } catch (IOException e) {
                assertTrue(seen >= wanted, () -> "the child ended by itself: " + e);
            }
            assertTrue(child.waitFor(30, TimeUnit.SECONDS));
            assertTrue(seen >= wanted, "the child ended by itself after " + seen + " lines");
            token = check(path, promised, token, "seed " + seed + ", round " + round);
        }
    }

    private static long check(Path path, BitSet promised, long token, String where) throws RegionLogException {
        RegionLog log = RegionLog.open(path, CONFIG, () -> {});
        try {
            for (int region = promised.nextSetBit(0); region >= 0; region = promised.nextSetBit(region + 1)) {
                assertTrue(log.isMarked(region), where + ": region " + region + " was promised and is gone");
            }
            assertTrue(log.state().token() >= token, where + ": token " + token + " went back to " + log.state());
            assertEquals(0, log.damagedBlocks(), where);
            return log.state().token();
        } finally {
            log.close();
        }
    }

    @Test
    void shouldSayThatTheFileSystemIsFull() throws Exception {
        Path mount = Files.createDirectory(directory.resolve("small"));
        assertEquals(0, run("mount", "-t", "tmpfs", "-o", "size=8k", "none", mount.toString()));
        try {
            RegionLogException full = assertThrows(
                    RegionLogException.class, () -> RegionLog.open(mount.resolve("web.regions"), CONFIG, () -> {}));
            assertEquals(RegionLogException.Kind.NO_SPACE, full.kind());
            assertTrue(
                    Files.notExists(mount.resolve("web.regions")) && Files.notExists(mount.resolve("web.regions.new")));
        } finally {
            run("umount", mount.toString());
        }
    }

    private static int run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command).inheritIO().start().waitFor();
    }

    /** The child: marks random regions and changes the token, and says so when it is durable. */
    static final class Marker {
        private Marker() {}

        public static void main(String[] args) throws RegionLogException {
            Random random = new Random(Long.parseLong(args[1]));
            Thread main = Thread.currentThread();
            RegionLog log = open(Path.of(args[0]), main);
            while (true) {
                int[] regions =
                        random.ints(1 + random.nextInt(20), 0, log.regions()).toArray();
                long ticket = 0;
                for (int region : regions) {
                    ticket = Math.max(ticket, log.mark((long) region * log.regionBytes(), 1));
                }
                long token = log.state().token() + 1;
                ticket = Math.max(ticket, log.update(CopyState.UNKNOWN.equalTo(token)));
                while (!log.isDurable(ticket)) {
                    if (log.doWork(System.nanoTime()) == 0) {
                        LockSupport.parkNanos(1_000_000);
                    }
                }
                for (int region : regions) {
                    System.out.println(region);
                }
                System.out.println("token " + token);
            }
        }

        private static RegionLog open(Path path, Thread main) throws RegionLogException {
            while (true) {
                try {
                    return RegionLog.open(path, CONFIG, () -> LockSupport.unpark(main));
                } catch (RegionLogException e) {
                    // The parent's log gives the file back on a thread of its own.
                    if (e.kind() != RegionLogException.Kind.IN_USE) {
                        throw e;
                    }
                    LockSupport.parkNanos(1_000_000);
                }
            }
        }
    }
}
