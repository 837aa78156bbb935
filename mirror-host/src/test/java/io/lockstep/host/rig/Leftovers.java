package io.lockstep.host.rig;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** What a run could leave behind: processes, network devices, files in shared memory, mounts. */
public final class Leftovers {
    private final Set<String> before;

    private Leftovers(Set<String> before) {
        this.before = before;
    }

    /** Remembers what there is. */
    public static Leftovers since() throws IOException, RigException {
        return new Leftovers(look());
    }

    /** Waits until nothing is there that was not before; fails with what is. */
    public void awaitNone(Duration limit) throws IOException, RigException {
        long deadlineNs = System.nanoTime() + limit.toNanos();
        Set<String> left = new TreeSet<>(look());
        left.removeAll(before);
        while (!left.isEmpty()) {
            if (System.nanoTime() - deadlineNs > 0) {
                throw new AssertionError("left behind: " + left);
            }
            Waiting.pause(50);
            left = new TreeSet<>(look());
            left.removeAll(before);
        }
    }

    private static Set<String> look() throws IOException, RigException {
        Set<String> all = new TreeSet<>();
        for (String line : Tool.run("ip", "-o", "link").lines().toList()) {
            all.add("device " + line.split(":", 3)[1].strip());
        }
        for (String directory : new String[] {"/dev/shm", "/run/netns", "/run/mirror"}) {
            if (Files.isDirectory(Path.of(directory))) {
                try (Stream<Path> files = Files.list(Path.of(directory))) {
                    files.forEach(file -> all.add("file " + file));
                }
            }
        }
        Files.readAllLines(Path.of("/proc/self/mounts")).forEach(line -> all.add("mount " + line));
        try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
            processes
                    .filter(path -> path.getFileName().toString().matches("\\d+"))
                    .map(Leftovers::describe)
                    .filter(text ->
                            text.contains("qemu-system") || text.contains("MirrorCli") || text.contains("isolate"))
                    .forEach(all::add);
        }
        return all;
    }

    private static String describe(Path process) {
        String line = Tail.text(process.resolve("cmdline")).replace('\0', ' ').strip();
        return "process " + process.getFileName() + " " + line;
    }
}
