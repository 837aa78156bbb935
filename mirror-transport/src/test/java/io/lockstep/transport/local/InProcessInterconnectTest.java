package io.lockstep.transport.local;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.mirror.spi.Interconnect;
import io.lockstep.transport.Await;
import io.lockstep.transport.Collector;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class InProcessInterconnectTest {
    private final InProcessLink link = new InProcessLink(new InProcessLink.Limits(1_000, 4, 100, 3));
    private final InProcessInterconnect first = link.first();
    private final InProcessInterconnect second = link.second();
    private final Collector atFirst = new Collector();
    private final Collector atSecond = new Collector();

    @Test
    void shouldPushBackAndPutControlBeforeBulk() {
        work();
        int sent = 0;
        for (MutableDirectBuffer claim = first.claimBulk(); claim != null; claim = first.claimBulk()) {
            claim.putByte(0, (byte) sent++);
            first.commitBulk(1);
        }
        assertEquals(4, sent);
        assertTrue(control(first, 7));
        second.poll(atSecond, 2);
        assertEquals("CB", atSecond.order.toString());
        assertNotNull(first.claimBulk());
        first.commitBulk(0);
        second.poll(atSecond, 100);
        assertEquals("CBBBB", atSecond.order.toString());
        for (int i = 0; i < 4; i++) {
            assertArrayEquals(new byte[] {(byte) i}, atSecond.bulk.get(i));
        }
        for (int i = 0; i < 3; i++) {
            assertTrue(control(second, i));
        }
        assertFalse(control(second, 3), "control queue is full");
    }

    @Test
    void shouldCarryFramesBetweenTwoThreads() throws Exception {
        long seed = System.nanoTime();
        int frames = 50_000;
        CompletableFuture<Void> sender = CompletableFuture.runAsync(() -> {
            Random random = new Random(seed);
            int[] sent = new int[1];
            Await.until(
                    () -> {
                        first.poll(atFirst, 10);
                        MutableDirectBuffer claim = first.claimBulk();
                        if (claim != null) {
                            int length = 4 + random.nextInt(900);
                            claim.putInt(0, sent[0]);
                            claim.putByte(length - 1, (byte) (sent[0] < 4 ? 0 : 1));
                            first.commitBulk(length);
                            sent[0]++;
                        }
                        return sent[0] == frames;
                    },
                    () -> "sent, at " + sent[0] + ", seed " + seed + ": " + first.downReason());
        });
        int[] next = new int[1];
        Interconnect.Listener inOrder = new Interconnect.Listener() {
            @Override
            public void onBulk(DirectBuffer buffer, int offset, int length) {
                if (length > 4 && buffer.getInt(offset) != next[0]) {
                    throw new IllegalStateException("frame " + buffer.getInt(offset) + ", expected " + next[0]);
                }
                next[0]++;
            }

            @Override
            public void onControl(DirectBuffer buffer, int offset, int length) {}
        };
        Await.until(
                () -> {
                    second.poll(inOrder, 10);
                    return next[0] == frames;
                },
                () -> "received, at " + next[0] + ", seed " + seed + ": " + second.downReason());
        sender.get();
        assertEquals("", second.downReason());
    }

    @Test
    void shouldStayDownWhileCutAndForgetWhatWasUnderWay() {
        work();
        assertNotNull(first.claimBulk());
        first.commitBulk(10);
        link.cut("cable pulled");
        assertFalse(first.isUp());
        assertEquals("cable pulled", second.downReason());
        assertNull(first.claimBulk());
        work();
        work();
        assertFalse(first.isUp() || second.isUp());
        assertEquals(1, second.incarnation());
        link.heal();
        work();
        work();
        assertTrue(first.isUp() && second.isUp());
        assertEquals(2, first.incarnation());
        assertEquals(2, second.incarnation());
        assertEquals("", first.downReason());
        assertEquals("", atSecond.order.toString());
    }

    @Test
    void shouldDeliverLastWordsAndVoidAStaleClaim() {
        work();
        assertNotNull(second.claimBulk());
        assertTrue(control(first, 5));
        first.disconnect("going");
        second.poll(atSecond, 10);
        assertEquals("C", atSecond.order.toString());
        assertEquals("going", second.downReason());
        work();
        second.commitBulk(5);
        work();
        assertEquals("", atFirst.order.toString());
        assertThrows(IllegalStateException.class, () -> second.commitBulk(5));
    }

    @Test
    void shouldEndTheLinkWhenTheListenerFails() {
        work();
        assertTrue(control(first, 1));
        second.poll(
                new Interconnect.Listener() {
                    @Override
                    public void onBulk(DirectBuffer buffer, int offset, int length) {}

                    @Override
                    public void onControl(DirectBuffer buffer, int offset, int length) {
                        throw new IllegalStateException("boom");
                    }
                },
                10);
        assertFalse(first.isUp());
        assertTrue(first.downReason().contains("boom"), first.downReason());
    }

    private void work() {
        first.poll(atFirst, 100);
        second.poll(atSecond, 100);
    }

    private static boolean control(Interconnect from, int value) {
        return from.sendControl(new UnsafeBuffer(new byte[] {(byte) value}), 0, 1);
    }
}
