package io.lockstep.redirect.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Clients that vanish, that do not read, that break the protocol, and many of them: none harms another. */
@Timeout(120)
class NbdClientsTest {
    private final MemoryDevice disk = new MemoryDevice(8 << 20, 1, 32 << 20);

    @Test
    void shouldEndTheConnectionThatBreaksTheProtocolAndNoOther() throws IOException {
        try (ServerThread server = new ServerThread(disk);
                RawClient good = RawClient.open(server.socket, "disk")) {
            try (RawClient bad = RawClient.open(server.socket, "disk")) {
                bad.send(ByteBuffer.allocate(28).putInt(0xdeadbeef));
                bad.send(ByteBuffer.allocate(24).put(new byte[24]));
                assertTrue(bad.isEnded());
            }
            server.awaitLog("begins with 0xdeadbeef");
            try (RawClient bad = RawClient.open(server.socket, "disk")) {
                bad.request(0, NbdWire.CMD_WRITE, 1, 0, (32 << 20) + 1);
                assertTrue(bad.isEnded());
            }
            server.awaitLog("a write of 33554433 bytes, at most 33554432");
            good.request(0, NbdWire.CMD_READ, 1, 0, 512);
            assertEquals(new RawClient.Reply(0, 1), good.reply());
        }
    }

    @Test
    void shouldNotSubmitAWriteOfWhichAPartNeverCame() throws IOException {
        try (ServerThread server = new ServerThread(disk)) {
            try (RawClient client = RawClient.open(server.socket, "disk")) {
                client.request(0, NbdWire.CMD_WRITE, 1, 0, 1 << 20);
                client.send(ByteBuffer.allocate(100_000).put(new byte[100_000]));
                ServerThread.await(() -> server.server.outstanding() == 1, () -> "the write did not come");
            }
            server.awaitLog("hung up with 1 requests under way");
            ServerThread.await(() -> server.server.outstanding() == 0, () -> "memory is lost");
            assertEquals(0, disk.writes.get());
        }
    }

    @Test
    void shouldFinishWhatAVanishedClientAskedAndTakeItsMemoryBack() throws IOException {
        disk.hold = true;
        try (ServerThread server = new ServerThread(disk)) {
            try (RawClient client = RawClient.open(server.socket, "disk")) {
                for (int i = 0; i < 10; i++) {
                    client.write(0, i, i * 4096L, new byte[4096]);
                }
                ServerThread.await(
                        () -> disk.outstanding.get() == 10, () -> "only " + disk.outstanding.get() + " came");
            }
            server.awaitLog("hung up");
            assertEquals(10, server.server.outstanding());
            disk.hold = false;
            server.wakeup();
            ServerThread.await(() -> server.server.outstanding() == 0, () -> "memory is lost");
            assertEquals(10, disk.writes.get());
        }
    }

    @Test
    void shouldPushBackWhenMemoryIsUsedUpAndServeOthers() throws IOException {
        ServerThread.UnaryConfig tight = c ->
                new NbdServerConfig(c.unixSocket(), c.tcp(), 100, 64, 16, 8, 4, 1, true, c.handshakeNs(), c.stallNs());
        try (ServerThread server = new ServerThread(List.of(NbdExport.of("disk", disk)), tight);
                RawClient deaf = RawClient.open(server.socket, "disk");
                RawClient good = RawClient.open(server.socket, "disk")) {
            for (int i = 0; i < 100; i++) {
                deaf.request(0, NbdWire.CMD_READ, i, 0, 1 << 20);
            }
            ServerThread.await(
                    () -> server.server.outstanding() == 2, () -> "the deaf client has " + server.server.outstanding());
            for (int i = 0; i < 200; i++) {
                good.request(0, NbdWire.CMD_READ, i, 0, 1 << 20);
                assertEquals(new RawClient.Reply(0, i), good.reply());
                good.read(1 << 20);
            }
            assertTrue(server.server.outstanding() <= 3);
            for (int i = 0; i < 100; i++) {
                assertEquals(new RawClient.Reply(0, i), deaf.reply());
                deaf.read(1 << 20);
            }
        }
    }

    @Test
    void shouldDismissWhoHoldsMemoryThatOthersWaitFor() throws IOException {
        ServerThread.UnaryConfig tight = c ->
                new NbdServerConfig(c.unixSocket(), c.tcp(), 100, 64, 16, 8, 4, 1, true, c.handshakeNs(), 300_000_000L);
        try (ServerThread server = new ServerThread(List.of(NbdExport.of("disk", disk)), tight);
                RawClient slow = RawClient.open(server.socket, "disk");
                RawClient good = RawClient.open(server.socket, "disk")) {
            slow.request(0, NbdWire.CMD_WRITE, 1, 0, 2 << 20);
            ServerThread.await(() -> server.server.outstanding() == 1, () -> "the write did not come");
            good.write(0, 2, 0, new byte[2 << 20]);
            assertEquals(new RawClient.Reply(0, 2), good.reply());
            server.awaitLog("while others wait for its memory");
            assertTrue(slow.isEnded());
        }
    }

    @Test
    void shouldDoWhatWasAskedBeforeTheClientLeft() throws IOException {
        disk.hold = true;
        try (ServerThread server = new ServerThread(disk);
                RawClient client = RawClient.open(server.socket, "disk")) {
            client.write(0, 1, 0, new byte[4096]);
            client.request(0, NbdWire.CMD_DISC, 2, 0, 0);
            ServerThread.await(() -> disk.outstanding.get() == 1, () -> "the write did not come");
            disk.hold = false;
            server.wakeup();
            assertEquals(new RawClient.Reply(0, 1), client.reply());
            assertTrue(client.isEnded());
        }
    }

    @Test
    void shouldTurnAwayMoreClientsThanItMayHave() throws IOException {
        ServerThread.UnaryConfig two = c ->
                new NbdServerConfig(c.unixSocket(), c.tcp(), 2, 64, 16, 8, 4, 1, true, c.handshakeNs(), c.stallNs());
        try (ServerThread server = new ServerThread(List.of(NbdExport.of("disk", disk)), two);
                RawClient first = RawClient.open(server.socket, "disk");
                RawClient second = RawClient.open(server.socket, "disk")) {
            assertThrows(IOException.class, () -> RawClient.open(server.socket, "disk"));
            server.awaitLog("more are turned away");
            second.channel.close();
            ServerThread.await(() -> server.server.connections() == 1, () -> "the second one is still there");
            RawClient.open(server.socket, "disk").close();
            first.request(0, NbdWire.CMD_FLUSH, 1, 0, 0);
            assertEquals(0, first.reply().error());
        }
    }

    @Test
    void shouldServeAThousandClients() throws IOException {
        try (ServerThread server = new ServerThread(disk)) {
            List<RawClient> clients = new ArrayList<>();
            for (int i = 0; i < 1_000; i++) {
                clients.add(RawClient.open(server.socket, "disk"));
            }
            assertEquals(1_000, server.server.connections());
            for (RawClient client : clients) {
                client.request(0, NbdWire.CMD_READ, 1, 4096, 4096);
            }
            for (RawClient client : clients) {
                assertEquals(0, client.reply().error());
                client.read(4096);
                client.close();
            }
            ServerThread.await(() -> server.server.connections() == 0, () -> "clients stay");
        }
    }
}
