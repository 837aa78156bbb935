package io.lockstep.redirect.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.redirect.path.GenerationStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class GenerationTest {
    private final MemoryDevice disk = new MemoryDevice(1 << 20, 1, 32 << 20);
    private final Store store = new Store();
    private final NbdExport export = new NbdExport("disk", "", disk, false, Optional.of(store));

    private static final class Store implements GenerationStore {
        final List<Long> persisted = new CopyOnWriteArrayList<>();
        volatile String problem = "";

        @Override
        public long highest() {
            return 3;
        }

        @Override
        public void persist(long generation, Outcome outcome) {
            persisted.add(generation);
            outcome.onPersisted(problem);
        }
    }

    private ServerThread start() throws IOException {
        return new ServerThread(List.of(export), config -> config);
    }

    private static RawClient.OptionReply go(RawClient client, String name) throws IOException {
        return client.go(name);
    }

    @Test
    void shouldAdmitOnlyTheCurrentGenerationOrAHigherOne() throws IOException {
        try (ServerThread server = start();
                RawClient client = new RawClient(server.socket)) {
            assertEquals(NbdWire.REP_ERR_POLICY, go(client, "disk").type());
            RawClient.OptionReply old = go(client, "disk;generation=2");
            assertEquals(NbdWire.REP_ERR_POLICY, old.type());
            assertEquals("generation 2 is older than 3", old.text());
            assertEquals(
                    NbdWire.REP_ERR_UNKNOWN, go(client, "disk;generation=x").type());
            assertEquals(
                    NbdWire.REP_ERR_UNKNOWN,
                    go(client, "disk;generation=99999999999999999999").type());
            assertEquals(NbdWire.REP_ACK, go(client, "disk;generation=3").type());
            assertEquals(List.of(), store.persisted);
            try (RawClient second = RawClient.open(server.socket, "disk;generation=3");
                    RawClient next = RawClient.open(server.socket, ";generation=9")) {
                assertEquals(List.of(9L), store.persisted);
                assertTrue(client.isEnded());
                assertTrue(second.isEnded());
                next.request(0, NbdWire.CMD_FLUSH, 1, 0, 0);
                assertEquals(0, next.reply().error());
            }
        }
    }

    @Test
    void shouldRefuseAGenerationWhereNoneIsUsed() throws IOException {
        try (ServerThread server = new ServerThread(disk);
                RawClient client = new RawClient(server.socket)) {
            assertEquals(NbdWire.REP_ERR_POLICY, go(client, "disk;generation=2").type());
        }
    }

    @Test
    void shouldWaitForWhatTheOldGenerationHasBelowAndIssueNothingMoreOfIt() throws IOException {
        disk.hold = true;
        try (ServerThread server = start();
                RawClient gone = RawClient.open(server.socket, "disk;generation=4");
                RawClient old = RawClient.open(server.socket, "disk;generation=4");
                RawClient next = new RawClient(server.socket)) {
            gone.write(0, 1, 8192, new byte[] {1});
            ServerThread.await(() -> disk.outstanding.get() == 1, () -> "the first write did not come");
            gone.channel.close();
            old.write(0, 1, 0, new byte[] {1});
            ServerThread.await(() -> disk.outstanding.get() == 2, () -> "the second write did not come");
            next.option(NbdWire.OPT_GO, RawClient.infoData("disk;generation=5"));
            server.awaitLog("hung up");
            // Wait until the server has seen the open: a lower generation is refused then.
            ServerThread.await(() -> isRefused(server, "disk;generation=4"), () -> "5 did not come");
            old.write(0, 2, 4096, new byte[] {1});
            assertEquals(List.of(4L), store.persisted);
            disk.hold = false;
            server.wakeup();
            RawClient.OptionReply reply = next.optionReply();
            while (reply.type() == NbdWire.REP_INFO) {
                reply = next.optionReply();
            }
            assertEquals(NbdWire.REP_ACK, reply.type());
            assertEquals(List.of(4L, 5L), store.persisted);
            assertEquals(new RawClient.Reply(0, 1), old.reply());
            assertTrue(isCut(old));
            assertEquals(0, disk.bytes.getByte(4096));
            assertEquals(1, disk.bytes.getByte(0));
            assertEquals(1, disk.bytes.getByte(8192));
            server.awaitLog("generation 4 of export 'disk' was superseded by 5");
        }
    }

    /** A socket that is closed with unread bytes may also report a reset. */
    private static boolean isCut(RawClient client) {
        try {
            return client.isEnded();
        } catch (IOException e) {
            return true;
        }
    }

    private static boolean isRefused(ServerThread server, String name) {
        try (RawClient probe = new RawClient(server.socket)) {
            return probe.go(name).type() == NbdWire.REP_ERR_POLICY;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void shouldGoOnWithTheOldGenerationIfTheNewOneLeavesOrCannotBePersisted() throws IOException {
        disk.hold = true;
        try (ServerThread server = start();
                RawClient old = RawClient.open(server.socket, "disk;generation=4")) {
            old.write(0, 1, 0, new byte[] {1});
            ServerThread.await(() -> disk.outstanding.get() == 1, () -> "the write did not come");
            try (RawClient next = new RawClient(server.socket)) {
                next.option(NbdWire.OPT_GO, RawClient.infoData("disk;generation=5"));
                ServerThread.await(() -> isRefused(server, "disk;generation=4"), () -> "5 did not come");
                old.write(0, 2, 4096, new byte[] {2});
            }
            ServerThread.await(() -> disk.outstanding.get() == 2, () -> "the old generation does not go on");
            disk.hold = false;
            server.wakeup();
            assertEquals(new RawClient.Reply(0, 1), old.reply());
            assertEquals(new RawClient.Reply(0, 2), old.reply());

            store.problem = "disk full";
            try (RawClient next = new RawClient(server.socket)) {
                assertEquals(
                        "generation 6 cannot be persisted: disk full",
                        next.go("disk;generation=6").text());
            }
            old.request(0, NbdWire.CMD_READ, 3, 0, 1);
            assertEquals(new RawClient.Reply(0, 3), old.reply());
            assertEquals(ByteBuffer.wrap(new byte[] {1}), old.read(1));
        }
    }

    @Test
    void shouldLetAHigherGenerationOvertakeOneThatWaits() throws IOException {
        disk.hold = true;
        try (ServerThread server = start();
                RawClient old = RawClient.open(server.socket, "disk;generation=4");
                RawClient fifth = new RawClient(server.socket);
                RawClient sixth = new RawClient(server.socket)) {
            old.write(0, 1, 0, new byte[] {1});
            ServerThread.await(() -> disk.outstanding.get() == 1, () -> "the write did not come");
            fifth.option(NbdWire.OPT_GO, RawClient.infoData("disk;generation=5"));
            ServerThread.await(() -> isRefused(server, "disk;generation=4"), () -> "5 did not come");
            sixth.option(NbdWire.OPT_GO, RawClient.infoData("disk;generation=6"));
            assertEquals("generation 5 was overtaken by 6", fifth.optionReply().text());
            disk.hold = false;
            server.wakeup();
            RawClient.OptionReply reply = sixth.optionReply();
            while (reply.type() == NbdWire.REP_INFO) {
                reply = sixth.optionReply();
            }
            assertEquals(NbdWire.REP_ACK, reply.type());
            assertEquals(List.of(4L, 6L), store.persisted);
        }
    }
}
