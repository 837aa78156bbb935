package io.lockstep.transport.uplink;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.mirror.spi.FramePort;
import io.lockstep.transport.Await;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class StreamUplinkTest {
    @TempDir
    Path directory;

    private final List<String> log = new ArrayList<>();
    private final List<byte[]> received = new ArrayList<>();
    private final FramePort.Handler keep = (buffer, offset, length) -> {
        byte[] frame = new byte[length];
        buffer.getBytes(offset, frame);
        received.add(frame);
    };

    @Test
    void shouldCarryFramesOverAUnixSocketAndOverTcp() throws IOException {
        carry(UnixDomainSocketAddress.of(directory.resolve("uplink")));
        carry(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        assertFalse(Files.exists(directory.resolve("uplink")), "the socket's file must go");
    }

    private void carry(SocketAddress address) throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        try (StreamUplink server = uplink(StreamUplinkConfig.listenAt(address));
                StreamUplink client = uplink(StreamUplinkConfig.connectTo(server.address()))) {
            awaitConnected(server, client);
            received.clear();
            List<byte[]> sent = new ArrayList<>();
            Await.until(
                    () -> {
                        byte[] frame = new byte[1 + random.nextInt(FramePort.MAX_FRAME)];
                        random.nextBytes(frame);
                        if (sent.size() < 500 && client.offer(new UnsafeBuffer(frame), 0, frame.length)) {
                            sent.add(frame);
                        }
                        client.poll(keep, 10);
                        if (random.nextInt(3) == 0) {
                            server.poll(keep, 10);
                        }
                        return received.size() == 500;
                    },
                    () -> "delivered, seed " + seed + ": " + log);
            for (int i = 0; i < sent.size(); i++) {
                assertArrayEquals(sent.get(i), received.get(i), "frame " + i + ", seed " + seed);
            }
        }
    }

    @Test
    void shouldPushBackOnASlowPeerAndDropWithoutOne() throws IOException {
        SocketAddress address = UnixDomainSocketAddress.of(directory.resolve("slow"));
        try (StreamUplink client = uplink(new StreamUplinkConfig(address, false, 70_000, 1_000_000))) {
            UnsafeBuffer frame = new UnsafeBuffer(new byte[1_500]);
            client.poll(keep, 1);
            assertTrue(client.offer(frame, 0, 1_500));
            assertEquals(1, client.dropped());
            assertFalse(client.problem().isEmpty());
            try (StreamUplink server = uplink(StreamUplinkConfig.listenAt(address))) {
                awaitConnected(server, client);
                int sent = 0;
                while (client.offer(frame, 0, 1_500)) {
                    sent++;
                }
                int all = sent;
                Await.until(
                        () -> {
                            server.poll(keep, 1_000);
                            client.poll(keep, 1_000);
                            return received.size() == all;
                        },
                        () -> received.size() + " of " + all);
                assertTrue(client.offer(frame, 0, 1_500));
                assertEquals(1, client.dropped());
            }
        }
    }

    @Test
    void shouldConnectAgainAndTakeANewerPeer() throws IOException {
        SocketAddress address = UnixDomainSocketAddress.of(directory.resolve("again"));
        try (StreamUplink client = uplink(new StreamUplinkConfig(address, false, 70_000, 1_000_000))) {
            for (int round = 0; round < 3; round++) {
                try (StreamUplink server = uplink(StreamUplinkConfig.listenAt(address))) {
                    awaitConnected(server, client);
                    try (SocketChannel newer = SocketChannel.open(address)) {
                        newer.write(ByteBuffer.wrap(new byte[] {0, 0, 0, 2, 5, (byte) round}));
                        int before = received.size();
                        Await.until(
                                () -> server.poll(keep, 10) > 0 && received.size() == before + 1, () -> "newer peer");
                        assertArrayEquals(new byte[] {5, (byte) round}, received.get(before));
                    }
                }
                Await.until(
                        () -> {
                            client.poll(keep, 1);
                            return !client.isConnected();
                        },
                        () -> "lost");
            }
        }
    }

    @Test
    void shouldDropAPeerThatSendsAnImpossibleLength() throws IOException {
        SocketAddress address = UnixDomainSocketAddress.of(directory.resolve("bad"));
        try (StreamUplink server = uplink(StreamUplinkConfig.listenAt(address))) {
            for (int length : new int[] {0, -1, FramePort.MAX_FRAME + 1, Integer.MAX_VALUE}) {
                try (SocketChannel peer = SocketChannel.open(address)) {
                    peer.write(ByteBuffer.allocate(8).putInt(0, length));
                    Await.until(
                            () -> {
                                server.poll(keep, 10);
                                return server.problem().startsWith("frame of " + Integer.toUnsignedString(length));
                            },
                            () -> "refused " + length + ": " + server.problem());
                    assertFalse(server.isConnected());
                }
            }
            assertThrows(IllegalArgumentException.class, () -> server.offer(new UnsafeBuffer(new byte[1]), 0, 0));
            assertThrows(IllegalArgumentException.class, () -> new LengthFraming(100, 103));
        }
    }

    private StreamUplink uplink(StreamUplinkConfig config) throws IOException {
        return new StreamUplink(config, System::nanoTime, log::add);
    }

    private void awaitConnected(StreamUplink server, StreamUplink client) {
        Await.until(
                () -> {
                    server.poll(keep, 1);
                    client.poll(keep, 1);
                    return server.isConnected() && client.isConnected();
                },
                () -> "connected: " + log);
    }
}
