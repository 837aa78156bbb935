package io.lockstep.nativeio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ThreadAndProcessTest {
    @Test
    void shouldBindTheThreadToOneProcessor() throws IOException {
        BitSet before = CpuAffinity.current();
        BitSet one = new BitSet();
        one.set(before.nextSetBit(0));
        try {
            CpuAffinity.set(one);
            assertEquals(one, CpuAffinity.current());
        } finally {
            CpuAffinity.set(before);
        }
        assertEquals(before, CpuAffinity.current());
        assertThrows(IllegalArgumentException.class, () -> CpuAffinity.set(new BitSet()));
    }

    @Test
    void shouldNameAThread() throws Exception {
        String[] seen = new String[1];
        Thread thread = new Thread(() -> {
            ThreadName.set("mirror-capture-of-vm");
            try {
                seen[0] = Files.readString(Path.of("/proc/thread-self/comm")).strip();
            } catch (IOException e) {
                seen[0] = e.toString();
            }
        });
        thread.start();
        thread.join();
        assertEquals("mirror-capture-", seen[0]);
    }

    @Test
    void shouldFreezeAndThawAChild() throws Exception {
        Process child = new ProcessBuilder("sh", "-c", "echo up; while :; do :; done").start();
        try {
            assertEquals("up", child.inputReader().readLine());
            ProcessFreezer freezer = new ProcessFreezer(child.pid());
            assertEquals("", freezer.problem());
            for (int i = 0; i < 3; i++) {
                freezer.freeze(5_000_000_000L);
                assertEquals("T", state(child));
                freezer.thaw();
                assertNotEquals("T", state(child));
            }
        } finally {
            child.destroyForcibly().waitFor();
        }
    }

    @Test
    void shouldSayThatAStrangerCannotBeFrozen() {
        String problem = new ProcessFreezer(1).problem();
        assertTrue(problem.contains("ECHILD"), problem);
    }

    private static String state(Process process) throws IOException {
        String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
        return stat.substring(stat.lastIndexOf(')') + 2).substring(0, 1);
    }

    @Test
    void shouldAnswerWhetherSoftDirtyBitsAreKept() {
        String problem = SoftDirtyPages.problem();
        System.err.println("soft-dirty bits: " + (problem.isEmpty() ? "kept" : problem));
        assertFalse(problem.contains("cannot be read"), problem);
    }

    @Test
    void shouldExtractTheShimAndProbeWithIt(@TempDir Path directory) throws IOException {
        Path library = ShimLibrary.extractTo(directory);
        assertEquals(library, ShimLibrary.extractTo(directory));
        try (var files = Files.list(directory)) {
            assertEquals(1, files.count());
        }
        String problem = ShimLibrary.problem(library);
        System.err.println("shim: " + (problem.isEmpty() ? "works" : problem));
        assertFalse(problem.contains("cannot be loaded"), problem);
        Path broken = Files.writeString(directory.resolve("libbroken.so"), "not a library");
        assertTrue(ShimLibrary.problem(broken).contains("cannot be loaded"));
    }
}
