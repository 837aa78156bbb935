package io.lockstep.redirect.path.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.block.IoBuffer;
import io.lockstep.redirect.nbd.NbdWire;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NbdReceiverTest {
    private static final int SIZE = 64 << 20;
    private static final int FLAGS = NbdWire.TRANSMIT_HAS_FLAGS | NbdWire.TRANSMIT_SEND_FLUSH;
    private static final int CONTEXT = 7;
    private static final int ROUNDS = 20_000;
    private static final int BLOCK = 4096;

    private final BufferPool pool = new BufferPool(8, 1, 1);
    private final IoBuffer buffer = pool.acquire(BufferPool.SMALL);
    private final NbdOp[] operations = {new NbdOp(0), new NbdOp(1), new NbdOp(2), new NbdOp(3)};
    private final NbdSender sender = new NbdSender(operations.length);
    private final NbdReceiver receiver = new NbdReceiver(operations, sender);
    private final ByteBuffer wire = ByteBuffer.allocate(1 << 20);
    private NbdExport export;

    private void agree(boolean structured) throws NbdBreach {
        export = new NbdExport(NbdExport.geometry(SIZE, FLAGS, 1, BLOCK, 1 << 20), FLAGS, structured, CONTEXT);
        receiver.reset();
        receiver.begin(export);
        sender.reset();
        wire.clear();
    }

    private NbdOp send(int index, BlockRequest request) throws IOException {
        NbdOp op = operations[index];
        NbdPlan.begin(export, op, request);
        assertTrue(NbdPlan.next(export, op));
        op.cookie = 99L << 32 | index;
        sender.add(op);
        assertTrue(sender.flush(new Sink()));
        return op;
    }

    private NbdOp sendRead(int index, long at, int length) throws IOException {
        BlockRequest request = new BlockRequest(index);
        request.read(at, length, buffer, 0);
        return send(index, request);
    }

    private NbdReceiverTest chunk(NbdOp op, int flags, int type, int length) {
        wire.putInt(NbdWire.CHUNK_MAGIC).putShort((short) flags).putShort((short) type);
        wire.putLong(op.cookie).putInt(length);
        return this;
    }

    private NbdReceiverTest piece(NbdOp op, boolean last, long at, int length, int fill) {
        chunk(op, last ? 1 : 0, NbdWire.REPLY_TYPE_OFFSET_DATA, 8 + length);
        wire.putLong(at);
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) fill);
        wire.put(bytes);
        return this;
    }

    private void receive() throws IOException, NbdBreach {
        wire.flip();
        Source source = new Source(wire, new Random(1), 1000);
        while (wire.hasRemaining()) {
            receiver.receive(source);
        }
        wire.clear();
    }

    private void assertBreach(String words) {
        NbdBreach breach = assertThrows(NbdBreach.class, this::receive);
        assertTrue(breach.getMessage().contains(words), breach.getMessage());
        assertNull(receiver.pollEnded());
    }

    @Test
    void shouldPutPiecesInAnyOrderWhereTheyBelong() throws Exception {
        agree(true);
        NbdOp op = sendRead(1, 4096, 3 * BLOCK);
        buffer.view().setMemory(0, 3 * BLOCK, (byte) 9);
        piece(op, false, 4096 + 2 * BLOCK, BLOCK, 3).piece(op, false, 4096, BLOCK, 1);
        chunk(op, 1, NbdWire.REPLY_TYPE_OFFSET_HOLE, 12);
        wire.putLong(4096 + BLOCK).putInt(BLOCK);
        receive();
        assertSame(op, receiver.pollEnded());
        assertEquals(1, buffer.view().getByte(0));
        assertEquals(0, buffer.view().getByte(BLOCK));
        assertEquals(3, buffer.view().getByte(3 * BLOCK - 1));
    }

    @Test
    void shouldTakeTheFirstExtentAndTheFirstError() throws Exception {
        agree(true);
        BlockRequest status = new BlockRequest(0);
        status.status(0, 1 << 20);
        NbdOp op = send(0, status);
        chunk(op, 1, NbdWire.REPLY_TYPE_BLOCK_STATUS, 20);
        wire.putInt(CONTEXT).putInt(65536).putInt(3).putInt(1 << 30).putInt(0);
        NbdOp read = sendRead(1, 0, BLOCK);
        chunk(read, 0, NbdWire.REPLY_TYPE_ERROR, 8);
        wire.putInt(NbdWire.EIO).putShort((short) 2).put("no".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        chunk(read, 1, NbdWire.REPLY_TYPE_ERROR_OFFSET, 14);
        wire.putInt(NbdWire.EPERM).putShort((short) 0).putLong(0);
        receive();
        assertSame(op, receiver.pollEnded());
        assertEquals(65536, op.runLength);
        assertEquals(3, op.runFlags);
        assertSame(read, receiver.pollEnded());
        assertEquals(NbdWire.EIO, read.error);
    }

    @Test
    void shouldNameWhatDoesNotFit() throws Exception {
        agree(true);
        wire.putInt(0x12345678).put(new byte[20]);
        assertBreach("bad magic in a reply: 0x12345678");
        agree(true);
        wire.putInt(NbdWire.SIMPLE_REPLY_MAGIC).putInt(0).putLong(5);
        assertBreach("unknown cookie 5");
        agree(false);
        wire.putInt(NbdWire.CHUNK_MAGIC).put(new byte[20]);
        assertBreach("bad magic");
        agree(true);
        NbdOp op = sendRead(0, 8192, BLOCK);
        wire.putInt(NbdWire.SIMPLE_REPLY_MAGIC).putInt(0).putLong(op.cookie);
        assertBreach("a simple reply");
        agree(true);
        piece(sendRead(0, 8192, BLOCK), true, 8191, BLOCK, 1);
        assertBreach("outside a read of 4096 at 8192");
        agree(true);
        piece(sendRead(0, 8192, BLOCK), true, 8192 + BLOCK, 1, 1);
        assertBreach("outside a read");
        agree(true);
        piece(sendRead(0, 8192, BLOCK), true, 8192, BLOCK + 1, 1);
        assertBreach("does not fit");
        agree(true);
        piece(sendRead(0, 8192, BLOCK), true, 8192, BLOCK - 1, 1);
        assertBreach("answered in part");
        agree(true);
        op = sendRead(0, 8192, BLOCK);
        piece(op, false, 8192, 100, 1).piece(op, true, 8192 + 99, 100, 1);
        assertBreach("comes twice");
        agree(true);
        chunk(sendRead(0, 0, BLOCK), 1, NbdWire.REPLY_TYPE_OFFSET_HOLE, 12);
        wire.putLong(-1).putInt(BLOCK);
        assertBreach("outside a read");
        agree(true);
        chunk(sendRead(0, 0, BLOCK), 1, NbdWire.REPLY_TYPE_BLOCK_STATUS, 12);
        assertBreach("does not fit command 0");
        agree(true);
        chunk(sendRead(0, 0, BLOCK), 1, NbdWire.REPLY_TYPE_ERROR, Integer.MAX_VALUE);
        assertBreach("does not fit");
        agree(true);
        chunk(sendRead(0, 0, BLOCK), 1, 17, 0);
        assertBreach("unknown type 17");
        agree(true);
        chunk(sendRead(0, 0, BLOCK), 2, 0, 0);
        assertBreach("unknown flags");
    }

    @Test
    void shouldNotTakeASecondAnswerOrOneBeforeTheQuestion() throws Exception {
        agree(true);
        BlockRequest flush = new BlockRequest(0);
        flush.flush();
        NbdOp op = send(0, flush);
        chunk(op, 1, 0, 0);
        receive();
        assertSame(op, receiver.pollEnded());
        chunk(op, 1, 0, 0);
        assertBreach("unknown cookie");
        agree(true);
        NbdPlan.begin(export, op, flush);
        NbdPlan.next(export, op);
        chunk(op, 1, 0, 0);
        assertBreach("unknown cookie");
    }

    @Test
    void shouldSurviveAnyBytes() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int good = 0;
        for (int round = 0; round < ROUNDS; round++) {
            good += round(random, "seed " + seed + ", round " + round) ? 1 : 0;
        }
        assertTrue(good > ROUNDS / 20 && good < ROUNDS, good + " of " + ROUNDS + " went well, seed " + seed);
    }

    /** Sends up to three requests, answers them, damages the answer, and takes it in parts. */
    private boolean round(Random random, String where) throws IOException {
        try {
            agree(random.nextInt(4) != 0);
            int count = 1 + random.nextInt(3);
            for (int i = 0; i < count; i++) {
                answer(random, randomRequest(random, i));
            }
            wire.flip();
            for (int flips = random.nextInt(4); flips > 0; flips--) {
                wire.put(random.nextInt(wire.limit()), (byte) random.nextInt(256));
            }
            Source source = new Source(wire, random, 1 + random.nextInt(5000));
            while (wire.hasRemaining()) {
                receiver.receive(source);
            }
            int ended = 0;
            while (receiver.pollEnded() != null) {
                ended++;
            }
            assertTrue(ended <= count, where);
            return ended == count;
        } catch (NbdBreach e) {
            assertTrue(!e.getMessage().isBlank(), where);
            return false;
        } catch (RuntimeException e) {
            throw new AssertionError(where, e);
        }
    }

    private NbdOp randomRequest(Random random, int index) throws IOException {
        int length = 1 + random.nextInt(40_000);
        BlockRequest request = new BlockRequest(index);
        switch (random.nextInt(4)) {
            case 0 -> request.flush();
            case 1 -> request.status(random.nextInt(SIZE - length), length);
            default -> request.read(random.nextInt(SIZE - length), length, buffer, random.nextInt(1000));
        }
        return send(index, request);
    }

    private void answer(Random random, NbdOp op) {
        if (!export.structured()) {
            wire.putInt(NbdWire.SIMPLE_REPLY_MAGIC).putInt(0).putLong(op.cookie);
            wire.put(new byte[op.command == NbdWire.CMD_READ ? op.length : 0]);
        } else if (op.command == NbdWire.CMD_READ) {
            int first = random.nextInt(op.length);
            if (first > 0) {
                piece(op, false, op.offset, first, 5);
            }
            piece(op, true, op.offset + first, op.length - first, 6);
        } else if (op.command == NbdWire.CMD_BLOCK_STATUS) {
            chunk(op, 1, NbdWire.REPLY_TYPE_BLOCK_STATUS, 12);
            wire.putInt(CONTEXT).putInt(1 + random.nextInt(op.length)).putInt(0);
        } else {
            chunk(op, 1, 0, 0);
        }
    }

    @Test
    void shouldKnowWhichBytesHaveCome() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        NbdCoverage coverage = new NbdCoverage();
        for (int round = 0; round < 2000; round++) {
            coverage.clear();
            boolean[] model = new boolean[40];
            for (int i = 0; i < 12; i++) {
                int from = random.nextInt(39);
                int to = from + 1 + random.nextInt(Math.min(10, 40 - from - 1) + 1);
                to = Math.min(to, 40);
                boolean fresh = true;
                for (int at = from; at < to; at++) {
                    fresh &= !model[at];
                }
                assertEquals(fresh, coverage.add(from, to), "seed " + seed);
                if (fresh) {
                    Arrays.fill(model, from, to, true);
                }
                boolean all = true;
                for (boolean set : model) {
                    all &= set;
                }
                assertEquals(all, coverage.isComplete(40), "seed " + seed);
            }
        }
    }

    @Test
    void shouldMakeSenseOfWhatAServerSaysAboutBlocks() throws Exception {
        BlockGeometry silent = NbdExport.geometry(1 << 20, FLAGS, 0, 0, 0);
        assertEquals(512, silent.minBlock());
        assertEquals(100, NbdExport.geometry(100, FLAGS, 0, 0, 0).sizeBytes());
        assertEquals(32 << 20, NbdExport.geometry(1 << 20, FLAGS, 1, 4096, -1).maxTransfer());
        assertEquals(4096, NbdExport.geometry(1 << 20, FLAGS, 1, 4097, 1 << 20).preferredBlock());
        assertThrows(NbdBreach.class, () -> NbdExport.geometry(1 << 20, FLAGS, 3, 4096, 1 << 20));
        assertThrows(NbdBreach.class, () -> NbdExport.geometry(1 << 20, FLAGS, 1 << 31, 4096, 1 << 20));
        assertThrows(NbdBreach.class, () -> NbdExport.geometry(-1, FLAGS, 1, 4096, 1 << 20));
        assertThrows(NbdBreach.class, () -> NbdExport.geometry(1 << 20, FLAGS, 1, 4096, 16));
        assertThrows(NbdBreach.class, () -> NbdExport.geometry(1000, FLAGS, 512, 4096, 1 << 20));
        assertThrows(NbdBreach.class, () -> NbdExport.geometry(1 << 20, 0, 1, 4096, 1 << 20));
    }
}
