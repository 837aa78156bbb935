package io.lockstep.redirect.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class HandshakeTest {
    private final MemoryDevice first = new MemoryDevice(1 << 20, 512, 1 << 20);
    private final MemoryDevice second = new MemoryDevice(2 << 20, 1, 32 << 20);
    private ServerThread server;
    private RawClient client;

    @BeforeEach
    void start() throws IOException {
        List<NbdExport> exports = List.of(
                new NbdExport("first", "the first disk", first, true, Optional.empty()),
                NbdExport.of("second", second));
        server = new ServerThread(exports, config -> config);
        client = new RawClient(server.socket);
    }

    @AfterEach
    void stop() throws IOException {
        client.close();
        server.close();
    }

    private RawClient.OptionReply ask(int option, byte[] data) throws IOException {
        client.option(option, data);
        return client.optionReply();
    }

    @Test
    void shouldListExports() throws IOException {
        client.option(NbdWire.OPT_LIST, new byte[0]);
        assertEquals("\0\0\0\5firstthe first disk", client.optionReply().text());
        assertEquals("\0\0\0\6second", client.optionReply().text());
        assertEquals(NbdWire.REP_ACK, client.optionReply().type());
        assertEquals(NbdWire.REP_ERR_INVALID, ask(NbdWire.OPT_LIST, new byte[1]).type());
    }

    @Test
    void shouldTellTheFactsOfAnExport() throws IOException {
        client.option(NbdWire.OPT_INFO, RawClient.infoData(""));
        ByteBuffer export = client.optionReply().bytes();
        assertEquals(NbdWire.INFO_EXPORT, export.getShort());
        assertEquals(1 << 20, export.getLong());
        int flags = export.getShort();
        assertTrue((flags & NbdWire.TRANSMIT_READ_ONLY) != 0);
        assertTrue((flags & NbdWire.TRANSMIT_CAN_MULTI_CONN) != 0);
        assertEquals(0, flags & (NbdWire.TRANSMIT_SEND_DF | NbdWire.TRANSMIT_SEND_TRIM));
        assertEquals("\0\1first", client.optionReply().text());
        assertEquals("\0\2the first disk", client.optionReply().text());
        ByteBuffer blocks = client.optionReply().bytes();
        assertEquals(NbdWire.INFO_BLOCK_SIZE, blocks.getShort());
        assertEquals(1, blocks.getInt());
        assertEquals(4096, blocks.getInt());
        assertEquals(32 << 20, blocks.getInt());
        assertEquals(NbdWire.REP_ACK, client.optionReply().type());
        assertEquals(
                NbdWire.REP_ERR_UNKNOWN,
                ask(NbdWire.OPT_INFO, RawClient.infoData("third")).type());
    }

    @Test
    void shouldRefuseWhatItDoesNotOfferAndGoOn() throws IOException {
        RawClient.OptionReply tls = ask(NbdWire.OPT_STARTTLS, new byte[0]);
        assertEquals(NbdWire.REP_ERR_POLICY, tls.type());
        assertTrue(tls.text().contains("TLS"), tls.text());
        assertEquals(
                NbdWire.REP_ERR_UNSUP,
                ask(NbdWire.OPT_EXTENDED_HEADERS, new byte[0]).type());
        assertEquals(NbdWire.REP_ERR_UNSUP, ask(4711, new byte[100]).type());
        assertEquals(NbdWire.REP_ERR_TOO_BIG, ask(4711, new byte[100_000]).type());
        assertEquals(
                NbdWire.REP_ERR_TOO_BIG, ask(NbdWire.OPT_GO, new byte[20_000]).type());
        assertEquals(NbdWire.REP_ERR_UNKNOWN, client.go("third").type());
        assertEquals(NbdWire.REP_ERR_INVALID, ask(NbdWire.OPT_GO, new byte[3]).type());
        assertEquals(NbdWire.REP_ACK, client.go("second").type());
    }

    @Test
    void shouldOfferBaseAllocationAfterStructuredReplies() throws IOException {
        byte[] query = query("second", "base:");
        assertEquals(
                NbdWire.REP_ERR_INVALID,
                ask(NbdWire.OPT_LIST_META_CONTEXT, query).type());
        assertEquals(
                NbdWire.REP_ACK, ask(NbdWire.OPT_STRUCTURED_REPLY, new byte[0]).type());
        assertEquals(
                "\0\0\0\0base:allocation",
                ask(NbdWire.OPT_LIST_META_CONTEXT, query).text());
        assertEquals(NbdWire.REP_ACK, client.optionReply().type());
        assertEquals(
                NbdWire.REP_ACK,
                ask(NbdWire.OPT_SET_META_CONTEXT, query("second", "qemu:")).type());
        RawClient.OptionReply chosen = ask(NbdWire.OPT_SET_META_CONTEXT, query("second", "base:allocation"));
        assertEquals("\0\0\0\1base:allocation", chosen.text());
        assertEquals(NbdWire.REP_ACK, client.optionReply().type());
        byte[] broken = query("second", "base:allocation");
        broken[broken.length - 16]++;
        assertEquals(
                NbdWire.REP_ERR_INVALID,
                ask(NbdWire.OPT_SET_META_CONTEXT, broken).type());
    }

    private static byte[] query(String name, String context) {
        byte[] export = name.getBytes(StandardCharsets.UTF_8);
        byte[] text = context.getBytes(StandardCharsets.UTF_8);
        ByteBuffer data = ByteBuffer.allocate(12 + export.length + text.length);
        return data.putInt(export.length)
                .put(export)
                .putInt(1)
                .putInt(text.length)
                .put(text)
                .array();
    }

    @Test
    void shouldOpenForOldClients() throws IOException {
        client.option(NbdWire.OPT_EXPORT_NAME, "second".getBytes(StandardCharsets.UTF_8));
        assertEquals(2 << 20, client.read(NbdWire.EXPORT_NAME_REPLY_LENGTH).getLong());
        client.request(0, NbdWire.CMD_READ, 1, 0, 512);
        assertEquals(new RawClient.Reply(0, 1), client.reply());
    }

    @Test
    void shouldHangUpOnAnUnknownNameOfAnOldClient() throws IOException {
        client.option(NbdWire.OPT_EXPORT_NAME, "a\nb".getBytes(StandardCharsets.UTF_8));
        assertTrue(client.isEnded());
        server.awaitLog("no export is named 'a?b'");
    }

    @Test
    void shouldSayGoodbye() throws IOException {
        assertEquals(NbdWire.REP_ACK, ask(NbdWire.OPT_ABORT, new byte[0]).type());
        assertTrue(client.isEnded());
    }

    @Test
    void shouldAnswerOptionsThatComeTogether() throws IOException {
        ByteBuffer all = ByteBuffer.allocate(50 * NbdWire.OPTION_LENGTH);
        for (int i = 0; i < 50; i++) {
            all.putLong(NbdWire.OPT_MAGIC).putInt(NbdWire.OPT_STRUCTURED_REPLY).putInt(0);
        }
        client.send(all);
        for (int i = 0; i < 50; i++) {
            assertEquals(NbdWire.REP_ACK, client.optionReply().type());
        }
        byte[] name = RawClient.infoData("second");
        ByteBuffer go = ByteBuffer.allocate(NbdWire.OPTION_LENGTH + name.length + NbdWire.REQUEST_LENGTH);
        go.putLong(NbdWire.OPT_MAGIC).putInt(NbdWire.OPT_GO).putInt(name.length).put(name);
        go.put(RawClient.head(0, NbdWire.CMD_FLUSH, 9, 0, 0).flip());
        client.send(go);
        while (client.optionReply().type() != NbdWire.REP_ACK) {
            // facts
        }
        assertEquals(new RawClient.Reply(0, 9), client.reply());
    }

    @Test
    void shouldHangUpOnGarbage() throws IOException {
        client.send(ByteBuffer.allocate(16).put("GET / HTTP/1.1\r\n".getBytes(StandardCharsets.UTF_8)));
        assertTrue(client.isEnded());
        server.awaitLog("an option begins with 0x");
    }
}
