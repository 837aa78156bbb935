package io.lockstep.transport.arbiter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.transport.Await;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DirectoryHeartbeatTest {
    @TempDir
    Path directory;

    private final AtomicLong clock = new AtomicLong(1);

    @Test
    void shouldSeeThePeerAdvanceUntilItStops() throws IOException {
        try (DirectoryHeartbeat a = heartbeat("a", "b", 1)) {
            assertEquals(Long.MIN_VALUE, a.peerSeenNs());
            try (DirectoryHeartbeat b = heartbeat("b", "a", 2)) {
                Await.until(() -> a.peerSeenNs() > 100 && b.peerSeenNs() > 100, () -> a.problem() + b.problem());
            }
            // What b wrote last is seen once; afterwards nothing advances, however often a looks.
            long ownBeat = ownCounter();
            Await.until(() -> ownCounter() > ownBeat + 3, () -> "a goes on beating");
            long last = a.peerSeenNs();
            long later = ownCounter();
            Await.until(() -> ownCounter() > later + 5, () -> "a goes on beating");
            assertEquals(last, a.peerSeenNs());
            assertEquals("", a.problem());
            try (DirectoryHeartbeat again = heartbeat("b", "a", 3)) {
                Await.until(() -> a.peerSeenNs() > last, () -> "seen again: " + again.problem());
            }
        }
        assertEquals(HeartbeatRecord.LENGTH, Files.size(directory.resolve("a")));
    }

    @Test
    void shouldNotTakeAnOldRecordForALivePeer() throws IOException {
        heartbeat("b", "a", 2).close();
        assertTrue(Files.exists(directory.resolve("b")) || ownCounter() == 0);
        try (DirectoryHeartbeat a = heartbeat("a", "b", 1)) {
            Await.until(() -> ownCounter() > 5, a::problem);
            assertEquals(Long.MIN_VALUE, a.peerSeenNs());
        }
    }

    @Test
    void shouldNameADamagedRecordAndAVanishedDirectory() throws IOException {
        try (DirectoryHeartbeat a = heartbeat("a", "b", 1)) {
            Files.write(directory.resolve("b"), new byte[HeartbeatRecord.LENGTH]);
            Await.until(() -> a.problem().startsWith("record of host b is damaged: "), a::problem);
            Files.write(directory.resolve("b"), new byte[10]);
            Await.until(() -> a.problem().equals("record of host b has 10 of 160 bytes"), a::problem);
            Files.delete(directory.resolve("b"));
            Await.until(() -> a.problem().isEmpty(), a::problem);
            Path moved = directory.resolveSibling("moved");
            Files.move(directory, moved);
            Await.until(() -> a.problem().contains("NoSuchFileException"), a::problem);
            Files.move(moved, directory);
            Await.until(() -> a.problem().isEmpty(), a::problem);
        }
    }

    @Test
    void shouldSayWhenStorageStalls() {
        AtomicLong stalled = new AtomicLong(1);
        Object disk = new Object();
        DirectoryHeartbeat a;
        synchronized (disk) {
            // The round's first look at the clock passes; the second, before the peer's record is read, hangs like a
            // disk.
            AtomicLong looks = new AtomicLong();
            Thread test = Thread.currentThread();
            a = new DirectoryHeartbeat(config("a", "b"), 1, () -> {
                if (Thread.currentThread() != test && looks.incrementAndGet() == 2) {
                    synchronized (disk) {
                        looks.incrementAndGet();
                    }
                }
                return stalled.get();
            });
            Await.until(() -> looks.get() == 2, () -> "hanging");
            assertEquals("", a.problem());
            stalled.set(60_000_000_001L);
            assertTrue(a.problem().endsWith("has not answered for 60000 ms"), a.problem());
        }
        Await.until(() -> a.problem().isEmpty(), a::problem);
        a.close();
    }

    @Test
    void shouldRefuseAConfigurationThatCannotWork() {
        assertThrows(IllegalArgumentException.class, () -> config("a", "a"));
        assertThrows(IllegalArgumentException.class, () -> config("a/b", "c"));
        assertThrows(
                IllegalArgumentException.class, () -> new DirectoryHeartbeatConfig(directory, "a", "b", 1, 1, false));
    }

    private DirectoryHeartbeatConfig config(String host, String peer) {
        return new DirectoryHeartbeatConfig(directory, host, peer, 1_000_000, 10_000_000_000L, false);
    }

    private DirectoryHeartbeat heartbeat(String host, String peer, long incarnation) {
        DirectoryHeartbeat heartbeat =
                new DirectoryHeartbeat(config(host, peer), incarnation, () -> clock.addAndGet(10));
        assertFalse(heartbeat.problem().contains("answered"), heartbeat::problem);
        return heartbeat;
    }

    /** How often host a has beaten. */
    private long ownCounter() {
        try {
            byte[] bytes = Files.readAllBytes(directory.resolve("a"));
            return HeartbeatRecord.read(ByteBuffer.wrap(bytes), "a").counter();
        } catch (IOException e) {
            return 0;
        }
    }
}
