package io.lockstep.host.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class LoadClientTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final LoadConfig LOAD = new LoadConfig("test", 42, 50, 64, 8);

    /** Runs against a service until it has answered enough or the client gave up. */
    private static LoadReport run(UnaryOperator<String> lie) throws IOException {
        try (FakeRedis redis = new FakeRedis(lie);
                LoadClient client = LoadClient.start(LOAD, redis.address(), LIMIT)) {
            long deadlineNs = System.nanoTime() + LIMIT.toNanos();
            while (client.isRunning() && client.operations() < 2000) {
                assertTrue(System.nanoTime() - deadlineNs < 0, "no end, " + client.operations() + " operations");
                Thread.onSpinWait();
            }
            return client.finish(LIMIT);
        }
    }

    /** Lies once, about the {@code nth} reply of a kind. */
    private static UnaryOperator<String> once(String kind, int nth, UnaryOperator<String> lie) {
        AtomicInteger seen = new AtomicInteger();
        return reply -> reply.startsWith(kind) && seen.incrementAndGet() == nth ? lie.apply(reply) : reply;
    }

    @Test
    void shouldVerifyAnHonestService() throws IOException {
        LoadReport report = run(reply -> reply);
        assertTrue(report.verified(), report.problem());
        assertEquals("", report.problem());
        assertTrue(report.operations() >= 2000);
        assertEquals(50, report.keysReadBack());
        assertTrue(report.increments() > 600 && report.writes() > 600, report.toString());
        assertEquals(report.operations(), report.latency().getTotalCount());
    }

    @Test
    void shouldNoticeARepeatedIncrement() throws IOException {
        LoadReport report = run(once(":", 300, reply -> ":301\r\n"));
        assertFalse(report.verified());
        assertTrue(report.problem().contains("INCR test:counter answered '301': must be '300'"), report.problem());
    }

    @Test
    void shouldNoticeALostWrite() throws IOException {
        LoadReport report = run(once("$6", 100, reply -> "$-1\r\n"));
        assertFalse(report.verified());
        assertTrue(report.problem().contains("answered nothing: must be '"), report.problem());
    }

    @Test
    void shouldNoticeAChangedValue() throws IOException {
        LoadReport report = run(once("$6", 100, reply -> reply.replace(":", ";")));
        assertFalse(report.verified());
        assertTrue(report.problem().startsWith("wrong answer: GET test:k"), report.problem());
    }

    @Test
    void shouldNeverConnectAgain() throws IOException {
        LoadReport report = run(once(":", 200, reply -> null));
        assertFalse(report.verified());
        assertTrue(report.problem().contains("the TCP connection broke"), report.problem());
    }

    @Test
    void shouldSayHowLongItWaitedForASilentService() throws IOException {
        AtomicInteger seen = new AtomicInteger();
        try (FakeRedis redis = new FakeRedis(reply -> seen.incrementAndGet() > 20 ? "" : reply);
                LoadClient client = LoadClient.start(LOAD, redis.address(), LIMIT)) {
            LoadReport report = client.finish(Duration.ofMillis(300));
            assertFalse(report.verified());
            assertTrue(report.problem().startsWith("no end within"), report.problem());
        }
    }

    @Test
    void shouldSendNothingWhileItPauses() throws IOException {
        AtomicInteger seen = new AtomicInteger();
        try (FakeRedis redis = new FakeRedis(reply -> {
                    seen.incrementAndGet();
                    return reply;
                });
                LoadClient client = LoadClient.start(LOAD, redis.address(), LIMIT)) {
            assertTrue(client.pause(LIMIT), client.problem());
            int before = seen.get();
            assertTrue(client.pause(LIMIT));
            assertEquals(before, seen.get());
            client.goOn();
            assertTrue(client.finish(LIMIT).verified(), client.problem());
        }
    }

    @Test
    void shouldReportEveryBadSetting() {
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> new LoadConfig(" ", 1, 0, 10, 0));
        for (String key : new String[] {"name", "keys is 0", "valueBytes is 10", "depth is 0"}) {
            assertTrue(e.getMessage().contains(key), e.getMessage());
        }
    }
}
