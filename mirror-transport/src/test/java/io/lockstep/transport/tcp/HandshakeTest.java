package io.lockstep.transport.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.mirror.record.FrameDecoder;
import io.lockstep.mirror.record.FrameDescriptor;
import io.lockstep.mirror.record.FrameEncoder;
import io.lockstep.mirror.record.FrameKind;
import io.lockstep.transport.Await;
import io.lockstep.transport.Collector;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class HandshakeTest {
    private static final int VERSION = FrameDescriptor.VERSION;
    private final List<String> log = new ArrayList<>();
    private final TcpConfig config = new TcpConfig("b", TcpPair.SMALL, TcpPair.QUICK);
    private long nowNs = 1_000;
    private TcpAcceptor acceptor;
    private TcpInterconnect secondary;

    @BeforeEach
    void listen() throws IOException {
        acceptor = new TcpAcceptor(config, TcpPair.anyPort(), () -> nowNs, log::add);
        secondary = acceptor.interconnect("vm", "a");
    }

    @AfterEach
    void close() {
        secondary.close();
        acceptor.close();
    }

    @Test
    void shouldRefuseAForeignVersionAndSayIt() throws IOException {
        Hello reply = refusal(new Hello(
                Hello.Type.HELLO, FrameKind.BULK, 7, 9, 1, 0, config.limits().maxBulk(), 500, "a", "vm", ""));
        assertEquals("protocol version " + VERSION + " on host b, 7 to 9 on host a", reply.text());
        assertTrue(log.get(0).endsWith(reply.text()), log::toString);
    }

    @Test
    void shouldRefuseAnUnknownVmAnotherHostAndOtherLimits() throws IOException {
        assertEquals(
                "vm other is not known on host b",
                refusal(hello(FrameKind.BULK, "a", "other")).text());
        assertEquals(
                "vm vm is mirrored by host a, not by evil",
                refusal(hello(FrameKind.BULK, "evil", "vm")).text());
        Hello reply =
                refusal(new Hello(Hello.Type.HELLO, FrameKind.BULK, VERSION, VERSION, 1, 0, 9_000, 500, "a", "vm", ""));
        assertEquals("frame limits 4000 and 500 bytes on host b, 9000 and 500 on host a", reply.text());
    }

    @Test
    void shouldTellAConnectorWhyItWasRefused() throws IOException {
        List<String> otherLog = new ArrayList<>();
        try (TcpInterconnect primary = TcpInterconnect.connector(
                new TcpConfig("a", TcpPair.SMALL, TcpPair.QUICK),
                "other",
                acceptor.address(),
                System::nanoTime,
                otherLog::add)) {
            Await.until(
                    () -> {
                        primary.poll(new Collector(), 1);
                        acceptor.poll();
                        return primary.attemptProblem().contains("refused");
                    },
                    () -> "refused: " + otherLog);
            assertEquals("refused by host b: vm other is not known on host b", primary.attemptProblem());
            assertTrue(otherLog.get(0).contains("vm other is not known on host b"), otherLog::toString);
            assertEquals(0, primary.incarnation());
            try (TcpInterconnect late = acceptor.interconnect("other", "")) {
                Await.until(
                        () -> {
                            primary.poll(new Collector(), 1);
                            acceptor.poll();
                            late.poll(new Collector(), 1);
                            return primary.isUp() && late.isUp();
                        },
                        () -> "up once the vm is known: " + otherLog);
                assertEquals("", primary.attemptProblem());
            }
        }
    }

    @Test
    void shouldRefuseGarbageOfAnyShape() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 100; round++) {
            byte[] garbage = new byte[4 + random.nextInt(4_000)];
            random.nextBytes(garbage);
            if (round % 2 == 0) {
                byte[] legal = bytes(hello(FrameKind.BULK, "a", "vm"));
                System.arraycopy(legal, 0, garbage, 0, Math.min(garbage.length, random.nextInt(legal.length)));
            }
            try (SocketChannel peer = connect()) {
                peer.configureBlocking(false);
                peer.write(ByteBuffer.wrap(garbage));
                int before = log.size();
                Await.until(
                        () -> {
                            acceptor.poll();
                            // A legal start may ask for more bytes than come.
                            nowNs += config.timing().handshakeNs() / 1_000;
                            return log.size() > before;
                        },
                        () -> "refused, seed " + seed);
            }
            Await.until(
                    () -> {
                        acceptor.poll();
                        return acceptor.halfOpen() == 0;
                    },
                    () -> "forgotten, seed " + seed);
        }
        assertTrue(log.stream().anyMatch(line -> line.contains("BAD_MAGIC")), log::toString);
        assertTrue(log.stream().anyMatch(line -> line.contains("BAD_CRC")), log::toString);
        assertEquals(0, secondary.incarnation());
    }

    @Test
    void shouldNameAHandshakeThatIsCut() throws IOException {
        byte[] legal = bytes(hello(FrameKind.BULK, "a", "vm"));
        for (int length = 0; length < legal.length; length += 7) {
            try (SocketChannel peer = connect()) {
                peer.write(ByteBuffer.wrap(legal, 0, length));
            }
            int before = log.size();
            int sent = length;
            Await.until(
                    () -> {
                        acceptor.poll();
                        return log.size() > before;
                    },
                    () -> "refused after " + sent);
            assertTrue(log.get(before).endsWith("handshake, after " + length + " bytes"), log.get(before));
        }
    }

    @Test
    void shouldGiveUpOnASlowHandshakeAndOnALonelyConnection() throws IOException {
        byte[] legal = bytes(hello(FrameKind.BULK, "a", "vm"));
        try (SocketChannel slow = connect();
                SocketChannel lonely = connect()) {
            slow.write(ByteBuffer.wrap(legal, 0, 20));
            lonely.write(ByteBuffer.wrap(legal));
            Await.until(
                    () -> {
                        acceptor.poll();
                        return acceptor.halfOpen() == 2;
                    },
                    () -> "both accepted");
            for (int i = 0; i < 20; i++) {
                acceptor.poll();
            }
            assertTrue(log.isEmpty(), log::toString);
            assertTrue(acceptor.nextTimerNs() <= nowNs + config.timing().handshakeNs());
            nowNs += config.timing().handshakeNs();
            acceptor.poll();
            assertEquals(2, log.size(), log::toString);
            assertTrue(log.stream().anyMatch(line -> line.contains("handshake not finished in time")));
            assertTrue(log.stream().anyMatch(line -> line.contains("other connection did not come in time")));
        }
    }

    @Test
    void shouldBoundTheConnectionsInHandshake() throws IOException {
        List<SocketChannel> peers = new ArrayList<>();
        for (int i = 0; i < config.timing().maxHalfOpen() + 3; i++) {
            peers.add(connect());
            acceptor.poll();
        }
        Await.until(
                () -> {
                    acceptor.poll();
                    return log.size() == 3;
                },
                () -> "three too many: " + log);
        assertEquals(config.timing().maxHalfOpen(), acceptor.halfOpen());
        assertTrue(log.get(0).endsWith("8 connections are in handshake already"), log.get(0));
        for (SocketChannel peer : peers) {
            peer.close();
        }
        Await.until(
                () -> {
                    acceptor.poll();
                    return acceptor.halfOpen() == 0;
                },
                () -> "room again");
    }

    @Test
    void shouldKnowAVmOnceAndForgetItWhenClosed() {
        assertThrows(IllegalStateException.class, () -> acceptor.interconnect("vm", ""));
        secondary.close();
        secondary = acceptor.interconnect("vm", "");
        assertFalse(secondary.isUp());
    }

    private Hello hello(FrameKind channel, String host, String vm) {
        return new Hello(Hello.Type.HELLO, channel, VERSION, VERSION, 77, 0, 4_000, 500, host, vm, "");
    }

    private SocketChannel connect() throws IOException {
        return SocketChannel.open(acceptor.address());
    }

    private static byte[] bytes(Hello hello) {
        ByteBuffer buffer = ByteBuffer.allocate(4_096).order(ByteOrder.LITTLE_ENDIAN);
        FrameEncoder encoder = new FrameEncoder();
        encoder.start(hello.nonce());
        int length = encoder.seal(buffer, 0, FrameKind.HELLO, hello.write(buffer, FrameDescriptor.HEADER_LENGTH));
        byte[] bytes = new byte[length];
        buffer.get(bytes);
        return bytes;
    }

    private Hello refusal(Hello hello) throws IOException {
        try (SocketChannel peer = connect()) {
            peer.write(ByteBuffer.wrap(bytes(hello)));
            peer.configureBlocking(false);
            ByteBuffer in = ByteBuffer.allocate(4_096).order(ByteOrder.LITTLE_ENDIAN);
            FrameDecoder decoder = new FrameDecoder(Hello.MAX_LENGTH);
            decoder.startHandshake();
            Await.until(
                    () -> {
                        acceptor.poll();
                        try {
                            peer.read(in);
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                        ByteBuffer seen =
                                in.duplicate().order(ByteOrder.LITTLE_ENDIAN).flip();
                        return decoder.next(seen) == FrameDecoder.Step.FRAME;
                    },
                    () -> "answered: " + log);
            Hello reply = Hello.read(in, decoder.payloadOffset(), decoder.payloadLength());
            assertEquals(Hello.Type.REFUSED, reply.type());
            return reply;
        }
    }
}
