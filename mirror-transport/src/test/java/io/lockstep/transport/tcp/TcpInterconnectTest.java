package io.lockstep.transport.tcp;

import static io.lockstep.transport.tcp.TcpPair.SMALL;
import static io.lockstep.transport.tcp.TcpPair.sendBulk;
import static io.lockstep.transport.tcp.TcpPair.sendControl;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.mirror.record.FrameKind;
import io.lockstep.mirror.spi.Interconnect;
import io.lockstep.transport.Await;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TcpInterconnectTest {
    private static final int FRAMES = 3_000;

    @Test
    void shouldDeliverBothChannelsInOrderThroughSmallSocketBuffers() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        try (TcpPair pair = new TcpPair(SMALL, false).awaitUp(1)) {
            List<byte[]> bulk = payloads(random, SMALL.maxBulk());
            List<byte[]> control = payloads(random, SMALL.maxControl());
            int[] sent = new int[2];
            Await.until(
                    () -> {
                        if (sent[0] < FRAMES && sendBulk(pair.primary, bulk.get(sent[0]))) {
                            sent[0]++;
                        }
                        if (sent[1] < FRAMES && sendControl(pair.primary, control.get(sent[1]))) {
                            sent[1]++;
                        }
                        pair.primary.poll(pair.atPrimary, 5);
                        if (random.nextInt(4) == 0) {
                            pair.secondary.poll(pair.atSecondary, 1 + random.nextInt(20));
                        }
                        return pair.atSecondary.bulk.size() == FRAMES && pair.atSecondary.control.size() == FRAMES;
                    },
                    () -> "all delivered, seed " + seed + ", " + pair.log);
            for (int i = 0; i < FRAMES; i++) {
                assertArrayEquals(bulk.get(i), pair.atSecondary.bulk.get(i), "bulk " + i + ", seed " + seed);
                assertArrayEquals(control.get(i), pair.atSecondary.control.get(i), "control " + i + ", seed " + seed);
            }
            assertEquals(1, pair.secondary.incarnation());
        }
    }

    private static List<byte[]> payloads(Random random, int max) {
        List<byte[]> payloads = new ArrayList<>();
        for (int i = 0; i < FRAMES; i++) {
            byte[] payload = new byte[1 + random.nextInt(max)];
            random.nextBytes(payload);
            payloads.add(payload);
        }
        return payloads;
    }

    @Test
    void shouldPushBackWhenThePeerDoesNotRead() throws IOException {
        try (TcpPair pair = new TcpPair(SMALL, false).awaitUp(1)) {
            byte[] payload = new byte[SMALL.maxBulk()];
            int[] sent = new int[1];
            int[] fullRounds = new int[1];
            Await.until(
                    () -> {
                        fullRounds[0] = sendBulk(pair.primary, payload) ? 0 : fullRounds[0] + 1;
                        sent[0] += fullRounds[0] == 0 ? 1 : 0;
                        pair.primary.poll(pair.atPrimary, 1);
                        return fullRounds[0] == 1_000;
                    },
                    () -> "full");
            assertNull(pair.primary.claimBulk());
            assertTrue(pair.primary.hasPendingOutput());
            Await.until(
                    () -> {
                        pair.work();
                        return pair.atSecondary.bulk.size() == sent[0];
                    },
                    () -> "drained");
            assertFalse(pair.primary.hasPendingOutput());
            assertNotNull(pair.primary.claimBulk());
        }
    }

    @Test
    void shouldDeliverControlWhileBulkIsStuck() throws IOException {
        try (TcpPair pair = new TcpPair(SMALL, true).awaitUp(1)) {
            pair.proxy.leg(FrameKind.BULK).pause(true);
            int[] fullRounds = new int[1];
            Await.until(
                    () -> {
                        fullRounds[0] = sendBulk(pair.primary, new byte[SMALL.maxBulk()]) ? 0 : fullRounds[0] + 1;
                        pair.primary.poll(pair.atPrimary, 1);
                        return fullRounds[0] == 1_000;
                    },
                    () -> "bulk is stuck");
            int before = pair.atSecondary.order.length();
            assertTrue(sendControl(pair.primary, new byte[] {42}));
            Await.until(
                    () -> {
                        pair.work();
                        return !pair.atSecondary.control.isEmpty();
                    },
                    () -> "control arrived: " + pair.log);
            assertEquals("C", pair.atSecondary.order.substring(before));
            pair.proxy.leg(FrameKind.BULK).pause(false);
            Await.until(
                    () -> {
                        pair.work();
                        return !pair.primary.hasPendingOutput() && pair.atSecondary.order.length() > before + 4;
                    },
                    () -> "bulk goes on: " + pair.log);
        }
    }

    @Test
    void shouldComeUpAgainWithAHigherIncarnation() throws IOException {
        try (TcpPair pair = new TcpPair(SMALL, false).awaitUp(1)) {
            MutableDirectBuffer stale = pair.primary.claimBulk();
            pair.secondary.disconnect("tired");
            assertEquals("tired", pair.secondary.downReason());
            assertFalse(sendControl(pair.secondary, new byte[1]));
            Await.until(
                    () -> {
                        pair.primary.poll(pair.atPrimary, 1);
                        return !pair.primary.isUp();
                    },
                    () -> "primary noticed");
            assertTrue(pair.primary.downReason().contains("connection: closed by the peer"), pair.primary.downReason());
            assertNull(pair.primary.claimBulk());
            pair.awaitUp(2);
            assertEquals("", pair.primary.downReason());
            assertNotNull(stale);
            pair.primary.commitBulk(7);
            assertThrows(IllegalStateException.class, () -> pair.primary.commitBulk(7));
            assertTrue(sendBulk(pair.primary, new byte[] {1, 2, 3}));
            Await.until(
                    () -> {
                        pair.work();
                        return !pair.atSecondary.bulk.isEmpty();
                    },
                    () -> "delivered");
            assertArrayEquals(new byte[] {1, 2, 3}, pair.atSecondary.bulk.get(0), "the stale claim must not be sent");
        }
    }

    @Test
    void shouldDeliverLastWordsBeforeTheEnd() throws IOException {
        for (int round = 0; round < 50; round++) {
            try (TcpPair pair = new TcpPair(SMALL, false).awaitUp(1)) {
                assertTrue(sendControl(pair.primary, new byte[] {9}));
                pair.primary.disconnect("going");
                Await.until(
                        () -> {
                            pair.secondary.poll(pair.atSecondary, 10);
                            return !pair.secondary.isUp();
                        },
                        () -> "secondary noticed");
                assertEquals(1, pair.atSecondary.control.size());
            }
        }
    }

    @Test
    void shouldReplaceASessionThatThePeerHasGivenUp() throws IOException {
        try (TcpPair pair = new TcpPair(SMALL, true).awaitUp(1)) {
            // The secondary does not see the end of the old session before the new one knocks.
            pair.primary.disconnect("lost it");
            Await.until(
                    () -> {
                        pair.primary.poll(pair.atPrimary, 1);
                        pair.proxy.work();
                        pair.acceptor.poll();
                        return pair.secondary.hasReplacement();
                    },
                    () -> "second session knocks: " + pair.log);
            pair.awaitUp(2);
            assertEquals(2, pair.secondary.incarnation());
            assertTrue(
                    pair.log.contains("vm vm: connection down: replaced by a new session of host a"),
                    pair.log::toString);
        }
    }

    @Test
    void shouldEndTheLinkWhenTheListenerFails() throws IOException {
        try (TcpPair pair = new TcpPair(SMALL, false).awaitUp(1)) {
            assertTrue(sendControl(pair.primary, new byte[] {1}));
            Interconnect.Listener broken = new Interconnect.Listener() {
                @Override
                public void onBulk(DirectBuffer buffer, int offset, int length) {}

                @Override
                public void onControl(DirectBuffer buffer, int offset, int length) {
                    throw new IllegalStateException("page 7 is not mine");
                }
            };
            Await.until(
                    () -> {
                        pair.secondary.poll(broken, 1);
                        return !pair.secondary.isUp();
                    },
                    () -> "down");
            assertTrue(pair.secondary.downReason().contains("page 7 is not mine"), pair.secondary.downReason());
            pair.awaitUp(2);
        }
    }

    @Test
    void shouldRefuseFramesBeyondTheLimits() throws IOException {
        try (TcpPair pair = new TcpPair(SMALL, false).awaitUp(1)) {
            assertThrows(
                    IllegalArgumentException.class, () -> sendControl(pair.primary, new byte[SMALL.maxControl() + 1]));
            assertNotNull(pair.primary.claimBulk());
            assertThrows(IllegalStateException.class, pair.primary::claimBulk);
            assertThrows(IllegalArgumentException.class, () -> pair.primary.commitBulk(SMALL.maxBulk() + 1));
            pair.primary.commitBulk(0);
            assertFalse(pair.primary.hasPendingOutput());
            assertThrows(IllegalArgumentException.class, () -> TcpConfig.of(" "));
        }
    }

    @Test
    void shouldWakeASelectorOnlyWhenThereIsWork() throws IOException {
        try (Selector selector = Selector.open();
                TcpPair pair = new TcpPair(SMALL, false)) {
            pair.acceptor.register(selector);
            pair.primary.register(selector);
            pair.secondary.register(selector);
            for (int incarnation = 1; incarnation <= 3; incarnation++) {
                long wanted = incarnation;
                Await.until(
                        () -> {
                            pair.work();
                            if (pair.primary.isUp() && pair.secondary.incarnation() == wanted) {
                                return true;
                            }
                            select(selector, nextTimer(pair));
                            return false;
                        },
                        () -> "up: " + pair.log);
                pair.work();
                pair.work();
                assertEquals(0, selector.selectNow(key -> {}), "idle sockets must not wake the loop");
                assertEquals(0, interest(selector) & SelectionKey.OP_WRITE);
                assertTrue(sendBulk(pair.primary, new byte[3_000]));
                assertTrue((interest(selector) & SelectionKey.OP_WRITE) != 0, "output waits");
                int before = pair.atSecondary.bulk.size();
                Await.until(
                        () -> {
                            select(selector, nextTimer(pair));
                            pair.work();
                            return pair.atSecondary.bulk.size() > before;
                        },
                        () -> "delivered");
                assertEquals(0, interest(selector) & SelectionKey.OP_WRITE);
                pair.primary.disconnect("again");
            }
        }
    }

    private static long nextTimer(TcpPair pair) {
        return Math.min(
                pair.acceptor.nextTimerNs(), Math.min(pair.primary.nextTimerNs(), pair.secondary.nextTimerNs()));
    }

    private static void select(Selector selector, long timerNs) {
        try {
            boolean timer = timerNs != Long.MAX_VALUE;
            long waitNs = timer ? timerNs - System.nanoTime() : 10_000_000_000L;
            long start = System.nanoTime();
            int ready = waitNs > 0 ? selector.select(key -> {}, waitNs / 1_000_000 + 1) : selector.selectNow(key -> {});
            boolean slept = System.nanoTime() - start >= waitNs;
            assertTrue(timer || ready > 0 || !slept, "nothing woke the loop");
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static int interest(Selector selector) {
        int ops = 0;
        for (SelectionKey key : selector.keys()) {
            ops |= key.isValid() ? key.interestOps() : 0;
        }
        return ops;
    }
}
