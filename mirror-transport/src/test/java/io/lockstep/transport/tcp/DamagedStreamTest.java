package io.lockstep.transport.tcp;

import static io.lockstep.transport.tcp.TcpPair.SMALL;
import static io.lockstep.transport.tcp.TcpPair.sendBulk;
import static io.lockstep.transport.tcp.TcpPair.sendControl;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.mirror.record.FrameDescriptor;
import io.lockstep.mirror.record.FrameKind;
import io.lockstep.transport.Await;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Somebody between the hosts changes, cuts or repeats bytes: the link goes down with a name for it, and comes up again. */
@Timeout(60)
class DamagedStreamTest {
    @Test
    void shouldNameEveryFlippedBitAndComeUpAgain() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        try (TcpPair pair = new TcpPair(SMALL, true).awaitUp(1)) {
            for (int round = 1; round <= 60; round++) {
                boolean bulk = random.nextBoolean();
                // Not in the length: a longer frame only makes the reader wait, which is the heartbeat's to notice.
                int bit = random.nextBoolean() ? random.nextInt(64) : 96 + random.nextInt(100 * 8);
                pair.proxy.leg(bulk ? FrameKind.BULK : FrameKind.CONTROL).flipNext(bit);
                assertTrue(bulk ? sendBulk(pair.primary, new byte[100]) : sendControl(pair.primary, new byte[100]));
                int now = round;
                awaitSecondaryDown(pair, () -> "round " + now + ", bit " + bit + ", seed " + seed);
                String reason = pair.secondary.downReason();
                String named =
                        bit < 32 ? "BAD_MAGIC" : bit < 48 ? "BAD_VERSION" : bit < 56 ? "UNKNOWN_KIND" : "BAD_CRC";
                assertTrue(reason.contains(named), () -> reason + ", bit " + bit + ", seed " + seed);
                assertTrue(reason.startsWith(bulk ? "bulk connection: " : "control connection: "), reason);
                pair.awaitUp(round + 1);
            }
            assertEquals(0, pair.atSecondary.order.length(), "no damaged frame may be delivered, seed " + seed);
        }
    }

    @Test
    void shouldNameAStreamThatIsCut() throws IOException {
        try (TcpPair pair = new TcpPair(SMALL, true).awaitUp(1)) {
            for (int bytes = 1; bytes < FrameDescriptor.frameLength(100); bytes += 13) {
                pair.proxy.leg(FrameKind.BULK).cutAfter(bytes);
                assertTrue(sendBulk(pair.primary, new byte[100]));
                // Once: a primary that sees the end of one connection closes the other.
                pair.primary.poll(pair.atPrimary, 10);
                Await.until(
                        () -> {
                            pair.proxy.work();
                            pair.secondary.poll(pair.atSecondary, 10);
                            return !pair.secondary.isUp();
                        },
                        pair.log::toString);
                assertEquals(
                        "bulk connection: closed by the peer in the middle of a frame", pair.secondary.downReason());
                pair.awaitUp(pair.primary.incarnation() + 1);
            }
        }
    }

    @Test
    void shouldRefuseARecordingOfAnOldSession() throws IOException {
        try (TcpPair pair = new TcpPair(SMALL, true).awaitUp(1)) {
            Proxy.Leg old = pair.proxy.leg(FrameKind.BULK);
            int handshake = old.seen().length;
            assertTrue(sendBulk(pair.primary, new byte[] {1, 2, 3}));
            Await.until(
                    () -> {
                        pair.work();
                        return pair.atSecondary.bulk.size() == 1;
                    },
                    () -> "delivered");
            byte[] recording = Arrays.copyOfRange(old.seen(), handshake, old.seen().length);
            pair.primary.disconnect("new session");
            pair.awaitUp(2);
            pair.proxy.leg(FrameKind.BULK).inject(recording);
            awaitSecondaryDown(pair, () -> pair.log.toString());
            assertTrue(pair.secondary.downReason().contains("WRONG_SESSION"), pair.secondary.downReason());
            pair.awaitUp(3);
        }
    }

    @Test
    void shouldRefuseARepeatedFrame() throws IOException {
        try (TcpPair pair = new TcpPair(SMALL, true).awaitUp(1)) {
            Proxy.Leg leg = pair.proxy.leg(FrameKind.CONTROL);
            int handshake = leg.seen().length;
            assertTrue(sendControl(pair.primary, new byte[] {1, 2, 3}));
            Await.until(
                    () -> {
                        pair.work();
                        return pair.atSecondary.control.size() == 1;
                    },
                    () -> "delivered");
            leg.inject(Arrays.copyOfRange(leg.seen(), handshake, leg.seen().length));
            awaitSecondaryDown(pair, () -> pair.log.toString());
            assertTrue(
                    pair.secondary.downReason().contains("OUT_OF_SEQUENCE: sequence 0, expected 1"),
                    pair.secondary.downReason());
            pair.awaitUp(2);
        }
    }

    @Test
    void shouldSurviveNoiseBehindTheHandshake() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        try (TcpPair pair = new TcpPair(SMALL, true).awaitUp(1)) {
            for (int round = 1; round <= 40; round++) {
                byte[] noise = new byte[4 + random.nextInt(2_000)];
                random.nextBytes(noise);
                pair.proxy
                        .leg(random.nextBoolean() ? FrameKind.BULK : FrameKind.CONTROL)
                        .inject(noise);
                awaitSecondaryDown(pair, () -> "seed " + seed);
                assertTrue(pair.secondary.downReason().contains("BAD_MAGIC"), pair.secondary.downReason());
                pair.awaitUp(round + 1);
            }
        }
    }

    private static void awaitSecondaryDown(TcpPair pair, Supplier<String> description) {
        Await.until(
                () -> {
                    if (pair.primary.isUp()) {
                        pair.primary.poll(pair.atPrimary, 10);
                    }
                    pair.proxy.work();
                    pair.secondary.poll(pair.atSecondary, 10);
                    return !pair.secondary.isUp();
                },
                () -> "secondary down: " + description.get());
    }
}
