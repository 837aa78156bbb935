package io.lockstep.redirect.nbd;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A request, from the client's socket to the reply in it, makes no garbage; client and server share this thread. */
@Timeout(60)
class NbdAllocationTest {
    private static final int REQUESTS = 20_000;
    private static final int BATCH = 8;
    private static final int BLOCK = 4096;
    /** Far below one object per request, far above what a single late class load costs. */
    private static final long TOLERATED = REQUESTS / 2;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final ByteBuffer out = ByteBuffer.allocateDirect(BATCH * (NbdWire.REQUEST_LENGTH + BLOCK));
    private final ByteBuffer in = ByteBuffer.allocateDirect(1 << 20);

    @Test
    void shouldNotAllocatePerRequest(@TempDir Path directory) throws IOException {
        assertFlat(directory, new MemoryDevice(1 << 20, 1, 32 << 20));
    }

    @Test
    void shouldNotAllocatePerRequestOfParts(@TempDir Path directory) throws IOException {
        MemoryDevice disk = new MemoryDevice(1 << 20, BLOCK, 32 << 20);
        disk.inTurns = true;
        assertFlat(directory, disk);
    }

    private void assertFlat(Path directory, MemoryDevice disk) throws IOException {
        Path socket = directory.resolve("s");
        NbdServerConfig config = NbdServerConfig.standard(Optional.of(socket), Optional.empty());
        try (Selector selector = Selector.open();
                NbdServer server = new NbdServer(config, List.of(NbdExport.of("disk", disk)), line -> {});
                SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            server.register(selector);
            client.configureBlocking(false);
            open(server, client);
            long least = Long.MAX_VALUE;
            // The first rounds pay for class loading and compilation.
            for (int round = 0; round < 6 && least >= TOLERATED; round++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                pump(server, client);
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            }
            long bytes = least;
            assertTrue(least < TOLERATED, () -> bytes + " bytes for " + REQUESTS + " requests");
        }
        Files.deleteIfExists(socket);
    }

    private void open(NbdServer server, SocketChannel client) throws IOException {
        byte[] name = RawClient.infoData("disk");
        ByteBuffer hello = ByteBuffer.allocate(20 + name.length);
        hello.putInt(NbdWire.FLAG_FIXED_NEWSTYLE | NbdWire.FLAG_NO_ZEROES);
        hello.putLong(NbdWire.OPT_MAGIC)
                .putInt(NbdWire.OPT_GO)
                .putInt(name.length)
                .put(name)
                .flip();
        client.write(hello);
        long deadline = System.nanoTime() + 10_000_000_000L;
        // The last word of the handshake is an ACK without data.
        while (in.position() < 60 || in.getInt(in.position() - 8) != NbdWire.REP_ACK) {
            server.doWork(System.nanoTime());
            client.read(in);
            assertTrue(System.nanoTime() < deadline, "no handshake");
        }
    }

    private void pump(NbdServer server, SocketChannel client) throws IOException {
        for (int done = 0; done < REQUESTS; done += BATCH) {
            out.clear();
            in.clear();
            int replies = BATCH * NbdWire.SIMPLE_REPLY_LENGTH;
            for (int i = 0; i < BATCH; i++) {
                int command = i % 4 == 0 ? NbdWire.CMD_WRITE : i % 4 == 1 ? NbdWire.CMD_READ : NbdWire.CMD_FLUSH;
                boolean data = command != NbdWire.CMD_FLUSH;
                out.putInt(NbdWire.REQUEST_MAGIC)
                        .putShort((short) 0)
                        .putShort((short) command)
                        .putLong(i);
                out.putLong(data ? 1_000L * i : 0).putInt(data ? BLOCK : 0);
                out.position(out.position() + (command == NbdWire.CMD_WRITE ? BLOCK : 0));
                replies += command == NbdWire.CMD_READ ? BLOCK : 0;
            }
            out.flip();
            in.limit(replies);
            while (in.hasRemaining()) {
                if (out.hasRemaining()) {
                    client.write(out);
                }
                server.doWork(System.nanoTime());
                client.read(in);
            }
        }
    }
}
