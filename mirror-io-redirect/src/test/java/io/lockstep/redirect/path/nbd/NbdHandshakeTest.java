package io.lockstep.redirect.path.nbd;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.redirect.nbd.NbdWire;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NbdHandshakeTest {
    private static final int FLAGS = NbdWire.TRANSMIT_HAS_FLAGS | NbdWire.TRANSMIT_SEND_FUA;
    private static final int ROUNDS = 20_000;

    private final ByteBuffer wire = ByteBuffer.allocate(64 << 10);

    private void greet(int flags) {
        wire.clear();
        wire.putLong(NbdWire.INIT_MAGIC).putLong(NbdWire.OPT_MAGIC).putShort((short) flags);
    }

    private void reply(int option, int type, byte... data) {
        wire.putLong(NbdWire.OPT_REPLY_MAGIC)
                .putInt(option)
                .putInt(type)
                .putInt(data.length)
                .put(data);
    }

    private void replyInfos(int option) {
        reply(
                option,
                NbdWire.REP_INFO,
                ByteBuffer.allocate(12)
                        .putShort((short) 0)
                        .putLong(1 << 20)
                        .putShort((short) FLAGS)
                        .array());
        reply(
                option,
                NbdWire.REP_INFO,
                ByteBuffer.allocate(14)
                        .putShort((short) 3)
                        .putInt(1)
                        .putInt(4096)
                        .putInt(1 << 20)
                        .array());
    }

    private void replyContext(String name) {
        byte[] data = ByteBuffer.allocate(4 + name.length())
                .putInt(5)
                .put(name.getBytes(UTF_8))
                .array();
        reply(NbdWire.OPT_SET_META_CONTEXT, NbdWire.REP_META_CONTEXT, data);
        reply(NbdWire.OPT_SET_META_CONTEXT, NbdWire.REP_ACK);
    }

    private NbdHandshake run(String export) throws NbdBreach {
        NbdHandshake handshake = new NbdHandshake(export);
        wire.flip();
        handshake.consume(wire);
        return handshake;
    }

    private String breach() {
        String message = assertThrows(NbdBreach.class, () -> run("disk")).getMessage();
        wire.clear();
        return message;
    }

    @Test
    void shouldAgreeWithAServerThatCanAll() throws Exception {
        greet(3);
        reply(NbdWire.OPT_STRUCTURED_REPLY, NbdWire.REP_ACK);
        replyContext("base:allocation");
        replyInfos(NbdWire.OPT_GO);
        reply(NbdWire.OPT_GO, NbdWire.REP_ACK);
        NbdHandshake done = run("disk;generation=7");
        NbdExport export = done.agreed();
        assertTrue(export.structured());
        assertEquals(5, export.context());
        assertEquals(1, export.geometry().minBlock());
        assertTrue(export.has(NbdWire.TRANSMIT_SEND_FUA));
        ByteBuffer go = done.out();
        assertEquals(NbdWire.OPT_MAGIC, go.getLong());
        assertEquals(NbdWire.OPT_GO, go.getInt());
        assertEquals(go.getInt(), go.remaining());
        byte[] name = new byte[go.getInt()];
        go.get(name);
        assertEquals("disk;generation=7", new String(name, UTF_8));
    }

    @Test
    void shouldAgreeWithAServerThatKnowsOnlyTheOldOption() throws Exception {
        greet(NbdWire.FLAG_FIXED_NEWSTYLE);
        reply(NbdWire.OPT_STRUCTURED_REPLY, NbdWire.REP_ERR_UNSUP);
        reply(NbdWire.OPT_GO, NbdWire.REP_ERR_UNSUP);
        wire.putLong(1 << 20).putShort((short) FLAGS).put(new byte[NbdWire.EXPORT_NAME_ZEROES]);
        NbdExport export = run("disk").agreed();
        assertFalse(export.structured());
        assertEquals(-1, export.context());
        assertEquals(512, export.geometry().minBlock());
        assertEquals(0, wire.remaining());
    }

    @Test
    void shouldSayWhyItIsRefused() {
        greet(3);
        reply(NbdWire.OPT_STRUCTURED_REPLY, NbdWire.REP_ERR_UNSUP);
        reply(NbdWire.OPT_GO, NbdWire.REP_ERR_POLICY, "generation 4 is older\nthan 5".getBytes(UTF_8));
        assertEquals("the server refuses the export: forbidden: generation 4 is older.than 5", breach());
        wire.putLong(1).putLong(2).putShort((short) 3);
        assertTrue(breach().contains("no NBD server"));
        wire.putLong(NbdWire.INIT_MAGIC).putLong(0x420281861253L).putShort((short) 3);
        assertTrue(breach().contains("old style"));
        greet(0);
        assertTrue(breach().contains("fixed newstyle"));
        greet(3);
        wire.putLong(4).putInt(8).putInt(1).putInt(0);
        assertTrue(breach().contains("bad magic in a reply to an option: 0x4"));
        greet(3);
        reply(NbdWire.OPT_LIST, NbdWire.REP_ACK);
        assertTrue(breach().contains("a reply to option 3"));
        greet(3);
        wire.putLong(NbdWire.OPT_REPLY_MAGIC)
                .putInt(NbdWire.OPT_STRUCTURED_REPLY)
                .putInt(1)
                .putInt(-1);
        assertTrue(breach().contains("4294967295 bytes"));
        greet(3);
        reply(NbdWire.OPT_STRUCTURED_REPLY, NbdWire.REP_ACK);
        replyContext("x:y");
        assertTrue(breach().contains("not asked for"));
        greet(3);
        reply(NbdWire.OPT_STRUCTURED_REPLY, NbdWire.REP_ERR_UNSUP);
        reply(NbdWire.OPT_GO, NbdWire.REP_ACK);
        assertTrue(breach().contains("without telling its size"));
    }

    @Test
    void shouldSurviveAnyBytes() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int agreed = 0;
        for (int round = 0; round < ROUNDS; round++) {
            greet(3);
            reply(NbdWire.OPT_STRUCTURED_REPLY, NbdWire.REP_ACK);
            replyContext("base:allocation");
            replyInfos(NbdWire.OPT_GO);
            reply(NbdWire.OPT_GO, NbdWire.REP_ACK);
            wire.flip();
            for (int flips = random.nextInt(4); flips > 0; flips--) {
                wire.put(random.nextInt(wire.limit()), (byte) random.nextInt(256));
            }
            NbdHandshake handshake = new NbdHandshake("disk");
            int end = wire.limit();
            try {
                for (int at = 0; at < end; ) {
                    at = Math.min(end, at + 1 + random.nextInt(40));
                    wire.limit(at);
                    handshake.consume(wire);
                }
                agreed += handshake.agreed() != null ? 1 : 0;
            } catch (NbdBreach e) {
                assertNotNull(e.getMessage());
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + ", round " + round, e);
            }
        }
        assertTrue(agreed > ROUNDS / 20 && agreed < ROUNDS, agreed + " agreed, seed " + seed);
    }
}
