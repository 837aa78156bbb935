package io.lockstep.host.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.lockstep.host.HostEvent;
import io.lockstep.host.HostReceipt;
import io.lockstep.host.MirrorHost;
import io.lockstep.host.VmStatus;
import io.lockstep.host.config.HostConfig;
import io.lockstep.mirror.MirrorPolicy;
import io.lockstep.mirror.failover.MirrorState;
import io.lockstep.mirror.record.AckLevel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Runs the README's code on two hosts in this process, with a real guest. */
class EmbeddingExampleIT {
    private static final long MS = 1_000_000;
    /** Two hosts, two guests and a compiler may share few cores here: a slow partner is not a lost one. */
    private static final MirrorPolicy PATIENT = new MirrorPolicy(
            25 * MS,
            3 * MS,
            500 * MS,
            2,
            10 * MS,
            3_000 * MS,
            1_000 * MS,
            9_000 * MS,
            4096,
            4 << 20,
            MirrorPolicy.Compression.AUTO,
            AckLevel.RECEIVED);

    private static final int TICKS = 5;
    private static final long LIMIT_NS = 120_000_000_000L;
    private static final long PAUSE_NS = 20_000_000L;

    private final List<HostEvent> eventsOfA = new CopyOnWriteArrayList<>();
    private final List<HostEvent> eventsOfB = new CopyOnWriteArrayList<>();
    private Path directory;

    @BeforeEach
    void makeDirectory() throws IOException {
        String given = System.getenv("MIRROR_RUN_DIR");
        directory = Files.createTempDirectory(Path.of(given == null ? "/dev/shm" : given), "example-");
    }

    @AfterEach
    void removeDirectory() throws IOException {
        try (var files = Files.walk(directory)) {
            files.sorted(Collections.reverseOrder())
                    .forEach(path -> path.toFile().delete());
        }
    }

    @Test
    void shouldMoveTheGuestAndBackWithTheCodeOfTheReadme() throws Exception {
        Path image = image();
        Path arbiter = Files.createDirectory(directory.resolve("arbiter"));
        InetSocketAddress a = freeAddress();
        InetSocketAddress b = freeAddress();
        Path runDirA = directory.resolve("a");
        Path runDirB = directory.resolve("b");
        try (MirrorHost partner =
                MirrorHost.start(HostConfig.of("b", b, "a", a, runDirB, arbiter).withPolicy(PATIENT), eventsOfB::add)) {
            partner.accept("web");

            EmbeddingExample.run(
                    a,
                    b,
                    runDirA,
                    arbiter,
                    PATIENT,
                    List.of(
                            image.resolve("vmlinuz").toString(),
                            image.resolve("initrd").toString()),
                    () -> awaitMoreTicks(runDirA, runDirB),
                    eventsOfA::add);

            List<MirrorState> statesOfA = states(eventsOfA, VmStatus.Role.PRIMARY);
            assertTrue(Collections.frequency(statesOfA, MirrorState.PROTECTED) >= 2, this::story);
            assertTrue(statesOfA.contains(MirrorState.HANDING_OVER), this::story);
            assertTrue(statesOfA.contains(MirrorState.STEPPED_DOWN), this::story);
            assertEquals(MirrorState.SIMPLEX, statesOfA.get(statesOfA.size() - 1), this::story);
            assertEquals("switchover", receipt(eventsOfB).cause(), this::story);
            assertEquals("failover was asked for", receipt(eventsOfA).cause(), this::story);
            assertTrue(receipt(eventsOfA).term() > receipt(eventsOfB).term(), this::story);
        }
        assertGuestWentOn(console(runDirA), console(runDirB));
        assertNoQemuLeft();
    }

    /** What the guest is there for: it counts on its console, wherever it runs. */
    private void awaitMoreTicks(Path runDirA, Path runDirB) {
        try {
            int wanted = lastTick(runDirA, runDirB) + TICKS;
            long deadline = System.nanoTime() + LIMIT_NS;
            while (lastTick(runDirA, runDirB) < wanted) {
                assertTrue(System.nanoTime() < deadline, () -> "the guest does not go on" + story());
                LockSupport.parkNanos(PAUSE_NS);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The same guest on both consoles: it booted once, and it counted on, first on a, then on b, then on a. */
    private void assertGuestWentOn(String consoleOfA, String consoleOfB) {
        assertEquals(1, consoleOfA.split("mirror-guest: ready", -1).length - 1, () -> consoleOfA);
        assertFalse(consoleOfB.contains("mirror-guest: ready"), () -> "the guest booted on b:\n" + consoleOfB);
        List<Integer> onA = ticks(consoleOfA);
        List<Integer> onB = ticks(consoleOfB);
        assertTrue(onB.size() >= TICKS, () -> "on b: " + onB + story());
        assertTrue(onB.get(0) > 1 && onB.get(0) <= onA.get(onA.size() - 1), () -> "on a " + onA + ", on b " + onB);
        assertTrue(onA.get(onA.size() - 1) > onB.get(onB.size() - 1), () -> "on a " + onA + ", on b " + onB);
    }

    private void assertNoQemuLeft() {
        List<String> left = ProcessHandle.allProcesses()
                .map(process -> process.info().commandLine().orElse(""))
                .filter(line -> line.contains(directory.toString()))
                .toList();
        assertEquals(List.of(), left, "processes left behind");
    }

    private static List<MirrorState> states(List<HostEvent> events, VmStatus.Role role) {
        return events.stream()
                .filter(HostEvent.StateChanged.class::isInstance)
                .map(HostEvent.StateChanged.class::cast)
                .filter(change -> change.role() == role)
                .map(HostEvent.StateChanged::to)
                .toList();
    }

    private HostReceipt receipt(List<HostEvent> events) {
        return events.stream()
                .filter(HostEvent.ReceiptReady.class::isInstance)
                .map(event -> ((HostEvent.ReceiptReady) event).receipt())
                .findFirst()
                .orElseGet(() -> fail("no receipt" + story()));
    }

    private static int lastTick(Path... runDirs) throws IOException {
        int last = 0;
        for (Path runDir : runDirs) {
            List<Integer> ticks = ticks(console(runDir));
            last = Math.max(last, ticks.isEmpty() ? 0 : ticks.get(ticks.size() - 1));
        }
        return last;
    }

    private static List<Integer> ticks(String console) {
        String complete = console.substring(0, console.lastIndexOf('\n') + 1);
        return complete.lines()
                .map(String::strip)
                .filter(line -> line.matches("tick \\d+"))
                .map(line -> Integer.valueOf(line.substring("tick ".length())))
                .toList();
    }

    private static String console(Path runDir) throws IOException {
        Path log = runDir.resolve("web.console.log");
        return Files.exists(log) ? Files.readString(log, StandardCharsets.ISO_8859_1) : "";
    }

    private String story() {
        StringBuilder text = new StringBuilder();
        eventsOfA.forEach(event -> text.append("\n  a ").append(event));
        eventsOfB.forEach(event -> text.append("\n  b ").append(event));
        return text.toString();
    }

    private static InetSocketAddress freeAddress() throws IOException {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        try (ServerSocket socket = new ServerSocket(0, 1, loopback)) {
            return new InetSocketAddress(loopback, socket.getLocalPort());
        }
    }

    /** The image's directory; fails the test if there is none. */
    private static Path image() {
        Path given = Path.of(System.getProperty("mirror.guest", "build/guest"));
        for (Path candidate : List.of(given, Path.of("../build/guest"))) {
            if (Files.isRegularFile(candidate.resolve("vmlinuz")) && Files.isRegularFile(candidate.resolve("initrd"))) {
                return candidate.toAbsolutePath().normalize();
            }
        }
        return fail("no guest image in " + given.toAbsolutePath() + ": run dev/guest first");
    }
}
