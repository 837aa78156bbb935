package io.lockstep.transport.arbiter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.mirror.spi.Arbiter.Outcome;
import io.lockstep.transport.Await;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class DirectoryArbiterTest {
    private static final int ROUNDS = 200;

    @TempDir
    Path terms;

    @Test
    void shouldLetOneThreadWinEachTerm() {
        int claimants = 8;
        List<ExecutorService> executors = new ArrayList<>();
        List<DirectoryArbiter> arbiters = new ArrayList<>();
        for (int i = 0; i < claimants; i++) {
            executors.add(Executors.newSingleThreadExecutor());
            arbiters.add(new DirectoryArbiter(terms, "web", "h" + i, "i" + i, executors.get(i)));
        }
        for (long term = 1; term <= ROUNDS; term++) {
            int racing = 2 + (int) (term % (claimants - 1));
            int won = 0;
            for (DirectoryArbiter arbiter : arbiters.subList(0, racing)) {
                arbiter.claim(term - 1, "race");
            }
            for (DirectoryArbiter arbiter : arbiters.subList(0, racing)) {
                Await.until(() -> arbiter.outcome() != Outcome.PENDING, () -> "decided");
                assertTrue(arbiter.outcome() == Outcome.WON || arbiter.outcome() == Outcome.LOST, arbiter::detail);
                assertEquals(term, arbiter.highestTerm());
                won += arbiter.outcome() == Outcome.WON ? 1 : 0;
            }
            assertEquals(1, won, "winners of term " + term);
        }
        executors.forEach(ExecutorService::shutdownNow);
        assertEquals(ROUNDS, files(), "terms and nothing else");
    }

    @Test
    void shouldLetOneProcessWinEachTerm() throws IOException {
        List<Process> processes = new ArrayList<>();
        List<Writer> inputs = new ArrayList<>();
        List<BufferedReader> outputs = new ArrayList<>();
        try {
            for (int i = 0; i < 4; i++) {
                Process process = new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java")
                                        .toString(),
                                "-Xmx64m",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Claimant.class.getName(),
                                terms.toString(),
                                "p" + i)
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
                processes.add(process);
                inputs.add(process.outputWriter(StandardCharsets.UTF_8));
                outputs.add(process.inputReader(StandardCharsets.UTF_8));
            }
            for (long term = 1; term <= ROUNDS; term++) {
                race(term, inputs, outputs);
            }
        } finally {
            processes.forEach(Process::destroyForcibly);
        }
        assertEquals(ROUNDS, files(), "terms and nothing else");
    }

    private static void race(long term, List<Writer> inputs, List<BufferedReader> outputs) throws IOException {
        for (Writer input : inputs) {
            input.write((term - 1) + "\n");
            input.flush();
        }
        int won = 0;
        for (BufferedReader output : outputs) {
            String outcome = output.readLine();
            assertTrue(outcome != null && (outcome.equals("WON") || outcome.startsWith("LOST")), outcome);
            won += outcome.equals("WON") ? 1 : 0;
        }
        assertEquals(1, won, "winners of term " + term);
    }

    @Test
    void shouldWinAgainOnlyWhatTheSameLifeHolds() {
        assertEquals(Outcome.WON, claim(arbiter("a", "life1"), 0));
        assertEquals(Outcome.WON, claim(arbiter("a", "life1"), 0), "same life");
        DirectoryArbiter restarted = arbiter("a", "life2");
        assertEquals(1, restarted.highestTerm());
        assertEquals(Outcome.LOST, claim(restarted, 0), "a restarted process");
        assertEquals(Outcome.WON, claim(restarted, 1));
        DirectoryArbiter late = arbiter("b", "x");
        assertEquals(Outcome.LOST, claim(late, 0));
        assertTrue(late.detail().contains("term 1 is past: term 2 is held by host a since "), late.detail());
        assertTrue(late.detail().endsWith(": test"), late.detail());
    }

    @Test
    void shouldCountAnUnreadableTermAsTakenAndNameTheDamage() throws IOException {
        assertEquals(Outcome.WON, claim(arbiter("a", "life"), 0));
        Path file = terms.resolve("web/term-1");
        byte[] good = Files.readAllBytes(file);
        for (int length = 0; length < good.length; length++) {
            Files.write(file, Arrays.copyOf(good, length));
            DirectoryArbiter arbiter = arbiter("a", "life");
            assertEquals(Outcome.LOST, claim(arbiter, 0), "cut after " + length);
            assertTrue(
                    arbiter.detail().contains("is cut off after " + length + " bytes")
                            || arbiter.detail().contains("is damaged: "),
                    arbiter.detail());
        }
        for (int i = 0; i < good.length; i++) {
            byte[] bad = good.clone();
            bad[i] ^= 1;
            Files.write(file, bad);
            assertEquals(Outcome.LOST, claim(arbiter("a", "life"), 0), "changed at " + i);
        }
        Files.write(file, new byte[10_000]);
        DirectoryArbiter arbiter = arbiter("b", "other");
        assertEquals(Outcome.LOST, claim(arbiter, 0));
        assertTrue(arbiter.detail().endsWith("longer than 4096 bytes"), arbiter.detail());
        assertEquals(Outcome.WON, claim(arbiter, 1), "the next term can be won all the same");
    }

    @Test
    void shouldBeUnavailableWhenTheDirectoryIsGoneOrRolledBack() throws IOException {
        DirectoryArbiter unmounted =
                new DirectoryArbiter(terms.resolve("not-mounted"), "web", "a", "life", Runnable::run);
        assertEquals(Outcome.UNAVAILABLE, claim(unmounted, 0));
        assertTrue(unmounted.detail().contains("not-mounted"), unmounted.detail());
        DirectoryArbiter arbiter = arbiter("a", "life");
        assertEquals(Outcome.UNAVAILABLE, claim(arbiter, 5), "terms nobody here ever saw");
        assertEquals(Outcome.WON, claim(arbiter, 0));
        Files.delete(terms.resolve("web/term-1"));
        assertEquals(Outcome.UNAVAILABLE, claim(arbiter, 0));
        assertTrue(arbiter.detail().contains("replaced or rolled back"), arbiter.detail());
    }

    /** Fails, or stops as if the process had died, behind a chosen step. */
    private static final class BrokenFiles extends TermFiles {
        private String failing = "";

        BrokenFiles(Path directory) {
            super(directory);
        }

        private void step(String name) throws IOException {
            if (failing.equals(name)) {
                throw new IOException("No space left on device");
            }
        }

        @Override
        Path writeTemp(String owner, byte[] content) throws IOException {
            step("write");
            return super.writeTemp(owner, content);
        }

        @Override
        void link(Path temp, long term) throws IOException {
            step("before link");
            super.link(temp, term);
            step("after link");
        }

        @Override
        void delete(Path temp) throws IOException {
            step("delete");
            super.delete(temp);
        }

        @Override
        void syncDirectory() throws IOException {
            step("sync");
            super.syncDirectory();
        }
    }

    @Test
    void shouldStaySafeWhateverStepFails() throws IOException {
        long term = 0;
        for (String step : new String[] {"write", "before link", "after link", "sync"}) {
            BrokenFiles files = new BrokenFiles(terms.resolve("web"));
            DirectoryArbiter broken = new DirectoryArbiter(files, "web", "a", "life", Runnable::run);
            files.failing = step;
            assertEquals(Outcome.UNAVAILABLE, claim(broken, term), step);
            assertTrue(broken.detail().endsWith("No space left on device"), broken.detail());
            boolean linked = Files.exists(terms.resolve("web/term-" + (term + 1)));
            assertEquals(step.equals("after link") || step.equals("sync"), linked, step);
            if (linked) {
                assertEquals(Outcome.LOST, claim(arbiter("b", "x"), term), "in nobody's favour but the claimant's");
            }
            files.failing = "";
            assertEquals(Outcome.WON, claim(broken, term), "again after " + step);
            term++;
        }
    }

    @Test
    void shouldNotTouchAWonTermThroughALeftOverName() throws IOException {
        BrokenFiles files = new BrokenFiles(terms.resolve("web"));
        DirectoryArbiter arbiter = new DirectoryArbiter(files, "web", "a", "life", Runnable::run);
        files.failing = "delete";
        assertEquals(Outcome.WON, claim(arbiter, 0));
        byte[] first = Files.readAllBytes(terms.resolve("web/term-1"));
        assertEquals(Outcome.WON, claim(arbiter, 1));
        assertEquals(new String(first, StandardCharsets.UTF_8), Files.readString(terms.resolve("web/term-1")));
    }

    @Test
    void shouldNotBlockAndAllowOneClaimAtATime() {
        Deque<Runnable> tasks = new ArrayDeque<>();
        DirectoryArbiter arbiter = new DirectoryArbiter(terms, "web", "a", "life", tasks::add);
        assertEquals(Outcome.NONE, arbiter.outcome());
        arbiter.claim(0, "why\nnot");
        assertEquals(Outcome.PENDING, arbiter.outcome());
        assertThrows(IllegalStateException.class, () -> arbiter.claim(0, "again"));
        while (!tasks.isEmpty()) {
            tasks.remove().run();
        }
        assertEquals(Outcome.WON, arbiter.outcome());
        assertThrows(
                IllegalArgumentException.class, () -> new DirectoryArbiter(terms, "../x", "a", "b", Runnable::run));
    }

    private DirectoryArbiter arbiter(String host, String incarnation) {
        return new DirectoryArbiter(terms, "web", host, incarnation, Runnable::run);
    }

    private static Outcome claim(DirectoryArbiter arbiter, long expectedTerm) {
        arbiter.claim(expectedTerm, "test");
        return arbiter.outcome();
    }

    private int files() {
        File[] files = terms.resolve("web").toFile().listFiles();
        return files == null ? -1 : files.length;
    }
}
