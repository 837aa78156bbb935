package io.lockstep.redirect.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockVerb;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class NbdServerTest {
    private static final int SIZE = 8 << 20;

    private final MemoryDevice disk = new MemoryDevice(SIZE, 1, 32 << 20);

    private static byte[] pattern(int length, int seed) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (seed + 31 * i + (i >> 8));
        }
        return bytes;
    }

    @Test
    void shouldReturnWhatWasWritten() throws IOException {
        try (ServerThread server = new ServerThread(disk);
                RawClient client = RawClient.open(server.socket, "disk")) {
            byte[] large = pattern(3 << 20, 1);
            byte[] small = pattern(700, 2);
            client.write(0, 1, 12_345, large);
            client.write(NbdWire.CMD_FLAG_FUA, 2, 4 << 20, small);
            assertEquals(new RawClient.Reply(0, 1), client.reply());
            assertEquals(new RawClient.Reply(0, 2), client.reply());
            client.request(0, NbdWire.CMD_FLUSH, 3, 0, 0);
            assertEquals(new RawClient.Reply(0, 3), client.reply());
            client.request(0, NbdWire.CMD_READ, 4, 12_345, large.length);
            assertEquals(new RawClient.Reply(0, 4), client.reply());
            assertArrayEquals(large, client.read(large.length).array());
            client.request(0, NbdWire.CMD_READ, 5, 4 << 20, small.length);
            assertEquals(new RawClient.Reply(0, 5), client.reply());
            assertArrayEquals(small, client.read(small.length).array());
        }
    }

    @Test
    void shouldSendChunksToThoseWhoAskForThem() throws IOException {
        disk.bytes.putBytes(4096, pattern(4096, 3));
        try (ServerThread server = new ServerThread(disk);
                RawClient client = RawClient.openStructured(server.socket, "disk")) {
            client.request(NbdWire.CMD_FLAG_DF, NbdWire.CMD_READ, 7, 4096, 4096);
            RawClient.Chunk data = client.chunk();
            assertEquals(NbdWire.REPLY_TYPE_OFFSET_DATA, data.type());
            assertEquals(NbdWire.REPLY_FLAG_DONE, data.flags());
            assertEquals(4096, data.payload().getLong());
            byte[] bytes = new byte[4096];
            data.payload().get(bytes);
            assertArrayEquals(pattern(4096, 3), bytes);

            client.request(0, NbdWire.CMD_BLOCK_STATUS, 8, 0, 16_384);
            assertEquals("4096:3 4096:0 8192:3", extents(client.chunk()));
            client.request(NbdWire.CMD_FLAG_REQ_ONE, NbdWire.CMD_BLOCK_STATUS, 9, 0, 16_384);
            assertEquals("4096:3", extents(client.chunk()));

            disk.fault = BlockFault.IO;
            client.request(0, NbdWire.CMD_READ, 10, 0, 512);
            RawClient.Chunk error = client.chunk();
            assertEquals(NbdWire.REPLY_TYPE_ERROR, error.type());
            assertEquals(NbdWire.EIO, error.payload().getInt());
        }
    }

    private static String extents(RawClient.Chunk chunk) {
        assertEquals(NbdWire.REPLY_TYPE_BLOCK_STATUS, chunk.type());
        assertEquals(BlockStatus.CONTEXT_ID, chunk.payload().getInt());
        List<String> extents = new ArrayList<>();
        while (chunk.payload().hasRemaining()) {
            extents.add(chunk.payload().getInt() + ":" + chunk.payload().getInt());
        }
        return String.join(" ", extents);
    }

    @Test
    void shouldAnswerWhatIsWrongAndStayConnected() throws IOException {
        try (ServerThread server = new ServerThread(disk);
                RawClient client = RawClient.open(server.socket, "disk")) {
            client.write(0, 1, SIZE - 100, pattern(101, 0));
            assertEquals(new RawClient.Reply(NbdWire.ENOSPC, 1), client.reply());
            client.request(0, NbdWire.CMD_READ, 2, SIZE - 100, 101);
            assertEquals(new RawClient.Reply(NbdWire.EINVAL, 2), client.reply());
            client.request(0, NbdWire.CMD_READ, 3, -1, 4096);
            assertEquals(new RawClient.Reply(NbdWire.EINVAL, 3), client.reply());
            client.request(0, 99, 4, 0, 0);
            assertEquals(new RawClient.Reply(NbdWire.EINVAL, 4), client.reply());
            client.request(1 << 9, NbdWire.CMD_READ, 5, 0, 512);
            assertEquals(new RawClient.Reply(NbdWire.EINVAL, 5), client.reply());
            client.request(0, NbdWire.CMD_BLOCK_STATUS, 6, 0, 512);
            assertEquals(new RawClient.Reply(NbdWire.EINVAL, 6), client.reply());
            client.request(0, NbdWire.CMD_READ, 7, 0, -1);
            assertEquals(new RawClient.Reply(NbdWire.EINVAL, 7), client.reply());
            client.request(0, NbdWire.CMD_FLUSH, 8, 1, 0);
            assertEquals(new RawClient.Reply(NbdWire.EINVAL, 8), client.reply());
            client.request(NbdWire.CMD_FLAG_DF, NbdWire.CMD_READ, 9, 0, 512);
            assertEquals(new RawClient.Reply(NbdWire.EINVAL, 9), client.reply());
            client.request(0, NbdWire.CMD_WRITE_ZEROES, 10, SIZE, 1);
            assertEquals(new RawClient.Reply(NbdWire.ENOSPC, 10), client.reply());
            client.request(0, NbdWire.CMD_CACHE, 11, 0, 1 << 20);
            assertEquals(new RawClient.Reply(0, 11), client.reply());
            assertEquals(0, disk.writes.get());
        }
    }

    @Test
    void shouldPassFaultsOn() throws IOException {
        try (ServerThread server = new ServerThread(disk);
                RawClient client = RawClient.open(server.socket, "disk")) {
            int[] errors = {
                NbdWire.OK,
                NbdWire.EIO,
                NbdWire.ENOSPC,
                NbdWire.EINVAL,
                NbdWire.ENOTSUP,
                NbdWire.EPERM,
                NbdWire.EIO,
                NbdWire.EIO
            };
            for (BlockFault fault : BlockFault.values()) {
                disk.fault = fault;
                client.request(NbdWire.CMD_FLAG_FAST_ZERO, NbdWire.CMD_WRITE_ZEROES, 1, 0, 4096);
                assertEquals(errors[fault.ordinal()], client.reply().error(), fault.name());
            }
        }
    }

    @Test
    void shouldRefuseWritesToAReadOnlyExport() throws IOException {
        NbdExport export = new NbdExport("disk", "", disk, true, Optional.empty());
        try (ServerThread server = new ServerThread(List.of(export), config -> config);
                RawClient client = RawClient.open(server.socket, "disk")) {
            client.write(0, 1, 0, pattern(10, 0));
            assertEquals(new RawClient.Reply(NbdWire.EPERM, 1), client.reply());
            client.request(0, NbdWire.CMD_TRIM, 2, 0, 512);
            assertEquals(new RawClient.Reply(NbdWire.EPERM, 2), client.reply());
            client.request(0, NbdWire.CMD_WRITE_ZEROES, 3, 0, 512);
            assertEquals(new RawClient.Reply(NbdWire.EPERM, 3), client.reply());
        }
    }

    @Test
    void shouldServeTcpWithASelectorOfItsOwn() throws IOException {
        NbdServerConfig config = NbdServerConfig.standard(
                Optional.empty(), Optional.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
        try (NbdServer server = new NbdServer(config, List.of(NbdExport.of("disk", disk)), line -> {});
                SocketChannel client = SocketChannel.open(server.tcpAddress())) {
            ServerThread.await(
                    () -> {
                        server.doWork(System.nanoTime());
                        return server.connections() == 1;
                    },
                    () -> "not accepted");
            ByteBuffer greeting = ByteBuffer.allocate(8);
            client.read(greeting);
            assertEquals(NbdWire.INIT_MAGIC, greeting.getLong(0));
        }
    }

    @Test
    void shouldNotTakeASocketThatSomebodyServesNorAFile(@TempDir Path directory) throws IOException {
        List<NbdExport> exports = List.of(NbdExport.of("disk", disk));
        try (ServerThread server = new ServerThread(disk)) {
            NbdServerConfig same = NbdServerConfig.standard(Optional.of(server.socket), Optional.empty());
            assertThrows(IOException.class, () -> new NbdServer(same, exports, line -> {}));
            RawClient.open(server.socket, "disk").close();
        }
        Path file = Files.writeString(directory.resolve("file"), "precious");
        NbdServerConfig onFile = NbdServerConfig.standard(Optional.of(file), Optional.empty());
        IOException refused = assertThrows(IOException.class, () -> new NbdServer(onFile, exports, line -> {}));
        assertTrue(refused.getMessage().contains("no socket"), refused.getMessage());
        assertEquals("precious", Files.readString(file));
    }

    @Test
    void shouldRemoveItsSocketFileAtTheEnd() throws IOException {
        ServerThread server = new ServerThread(disk);
        assertTrue(Files.exists(server.socket));
        server.server.close();
        assertFalse(Files.exists(server.socket));
        server.close();
    }

    @Test
    void shouldLetAnyVerbThrough() throws IOException {
        disk.remember = true;
        try (ServerThread server = new ServerThread(disk);
                RawClient client = RawClient.openStructured(server.socket, "disk")) {
            client.write(0, 1, 0, pattern(512, 1));
            client.reply();
            client.request(0, NbdWire.CMD_TRIM, 2, 0, 512);
            client.reply();
            client.request(NbdWire.CMD_FLAG_NO_HOLE, NbdWire.CMD_WRITE_ZEROES, 3, 0, 512);
            client.reply();
            client.request(0, NbdWire.CMD_FLUSH, 4, 0, 0);
            client.reply();
            client.request(0, NbdWire.CMD_BLOCK_STATUS, 5, 0, 512);
            client.chunk();
            client.request(0, NbdWire.CMD_READ, 6, 0, 512);
            client.chunk();
        }
        assertEquals(
                List.of(
                        BlockVerb.WRITE,
                        BlockVerb.DISCARD,
                        BlockVerb.WRITE_ZEROES,
                        BlockVerb.FLUSH,
                        BlockVerb.STATUS,
                        BlockVerb.READ),
                disk.seen);
    }

    @Test
    void shouldWorkWithASelectorThatOthersUseInTheUsualWay() throws IOException {
        Path directory = Files.createTempDirectory("nbd");
        NbdServerConfig config = NbdServerConfig.standard(Optional.of(directory.resolve("s")), Optional.empty());
        try (Selector selector = Selector.open();
                NbdServer server = new NbdServer(config, List.of(NbdExport.of("disk", disk)), line -> {})) {
            server.register(selector);
            Thread client = new Thread(() -> {
                try (RawClient raw = RawClient.open(directory.resolve("s"), "disk")) {
                    raw.write(0, 1, 0, pattern(512, 1));
                    raw.reply();
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            client.start();
            ServerThread.await(
                    () -> {
                        try {
                            selector.select(10);
                        } catch (IOException e) {
                            throw new AssertionError(e);
                        }
                        server.doWork(System.nanoTime());
                        return disk.writes.get() == 1 && server.connections() == 0;
                    },
                    () -> "not served");
        }
        Files.delete(directory);
    }
}
