package io.lockstep.redirect.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.lockstep.redirect.block.BlockFault;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Clients that say anything: the server's thread survives, all memory comes back, and a good client is served all the time. */
@Timeout(120)
class NbdFuzzTest {
    private static final int CLIENTS = 300;
    private static final int SIZE = 4 << 20;

    @Test
    void shouldSurviveAnyBytes() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        MemoryDevice disk = new MemoryDevice(SIZE, 512, 1 << 20);
        ServerThread.UnaryConfig tight = c ->
                new NbdServerConfig(c.unixSocket(), c.tcp(), 100, 64, 16, 16, 4, 2, true, c.handshakeNs(), 1_000_000L);
        try (ServerThread server = new ServerThread(List.of(NbdExport.of("disk", disk)), tight);
                RawClient good = RawClient.openStructured(server.socket, "disk")) {
            for (int i = 0; i < CLIENTS; i++) {
                disk.inTurns = random.nextBoolean();
                disk.fault = BlockFault.values()[random.nextInt(4) == 0 ? random.nextInt(8) : 0];
                misbehave(server, random);
                disk.fault = BlockFault.NONE;
                good.request(0, NbdWire.CMD_FLUSH, i, 0, 0);
                assertEquals(i, good.reply().cookie(), "seed " + seed);
            }
            disk.inTurns = false;
            server.wakeup();
            ServerThread.await(
                    () -> server.server.connections() == 1 && server.server.outstanding() == 0,
                    () -> "seed " + seed + ": " + server.server.connections() + " clients and "
                            + server.server.outstanding() + " requests are left");
        } catch (AssertionError e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    private static void misbehave(ServerThread server, Random random) throws IOException {
        int kind = random.nextInt(4);
        try (RawClient client = kind == 0
                ? new RawClient(server.socket)
                : kind == 1 ? RawClient.open(server.socket, "") : RawClient.openStructured(server.socket, "disk")) {
            client.channel.configureBlocking(false);
            int pieces = 1 + random.nextInt(40);
            for (int i = 0; i < pieces; i++) {
                ByteBuffer bytes =
                        kind == 0 ? option(random) : random.nextInt(60) == 0 ? noise(random) : request(random);
                int limit = random.nextInt(50) == 0 ? random.nextInt(1 + bytes.limit()) : bytes.limit();
                push(client, bytes.limit(limit), random);
            }
        }
    }

    /** Gives up when the server takes nothing any more; reads at times. */
    private static void push(RawClient client, ByteBuffer bytes, Random random) {
        try {
            for (int tries = 0; bytes.hasRemaining() && tries < 100; tries++) {
                client.channel.write(bytes);
                if (random.nextBoolean()) {
                    client.channel.read(ByteBuffer.allocate(100_000));
                }
            }
        } catch (IOException e) {
            // The server has hung up, as it may.
        }
    }

    private static ByteBuffer noise(Random random) {
        byte[] bytes = new byte[random.nextInt(200)];
        random.nextBytes(bytes);
        return ByteBuffer.wrap(bytes);
    }

    private static ByteBuffer option(Random random) {
        byte[] data = new byte[random.nextInt(random.nextInt(20) == 0 ? 40_000 : 60)];
        if (random.nextBoolean()) {
            random.nextBytes(data);
        }
        if (random.nextBoolean() && data.length >= 4) {
            ByteBuffer.wrap(data).putInt(random.nextInt(data.length));
        }
        return ByteBuffer.allocate(16 + data.length)
                .putLong(random.nextInt(50) == 0 ? random.nextLong() : NbdWire.OPT_MAGIC)
                .putInt(random.nextInt(13))
                .putInt(random.nextInt(50) == 0 ? random.nextInt() : data.length)
                .put(data)
                .flip();
    }

    private static ByteBuffer request(Random random) {
        int command = random.nextInt(9);
        int flags = random.nextInt(3) == 0 ? random.nextInt(1 << 16) : 1 << random.nextInt(5);
        int length = random.nextInt(random.nextInt(8) == 0 ? 2 << 20 : 5_000);
        long offset = random.nextInt(10) == 0 ? random.nextLong() : random.nextInt(SIZE);
        if (command == NbdWire.CMD_WRITE) {
            byte[] payload = new byte[length];
            return ByteBuffer.allocate(28 + length)
                    .put(RawClient.head(flags, command, 1, offset, length).flip())
                    .put(payload)
                    .flip();
        }
        boolean huge = random.nextInt(10) == 0;
        return RawClient.head(flags, command, 1, offset, huge ? random.nextInt() : length)
                .flip();
    }
}
