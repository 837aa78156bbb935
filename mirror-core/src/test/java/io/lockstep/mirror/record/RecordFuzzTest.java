package io.lockstep.mirror.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** Whatever arrives, only a RecordFault comes out, and nothing outside the frame is read. */
class RecordFuzzTest {
    private static final int SEEDS = 20_000;

    private final ControlReader control = new ControlReader();
    private final BulkReader bulk = new BulkReader();
    private final List<String> calls = new ArrayList<>();

    @SuppressWarnings("unchecked") // a proxy for one interface
    private <T> T visitor(Class<T> type) {
        InvocationHandler handler = (proxy, method, arguments) -> {
            calls.add(method.getName());
            return method.getReturnType() == boolean.class ? true : null;
        };
        return (T) Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler);
    }

    private static List<byte[]> controlRecords() {
        ControlWriter writer = new ControlWriter();
        List<byte[]> records = new ArrayList<>();
        int[] lengths = new int[1];
        Runnable keep = () -> {
            byte[] bytes = new byte[lengths[0]];
            writer.buffer().getBytes(0, bytes);
            records.add(bytes);
        };
        lengths[0] = writer.protect(1, 2, 3, 4, 5, "vm", new byte[] {1, 2, 3});
        keep.run();
        lengths[0] = writer.verdict(true, 2, 3, 4, 5, 6, "because");
        keep.run();
        lengths[0] = writer.heartbeat(1, 2, 3, 4);
        keep.run();
        lengths[0] = writer.heartbeatEcho(1, 2);
        keep.run();
        lengths[0] = writer.ack(AckLevel.APPLIED, 1, 2, 3, 4, 5);
        keep.run();
        lengths[0] = writer.divergence(1, 2, 3, 4, "what");
        keep.run();
        lengths[0] = writer.handOver(1, 2, HandOverReason.GUEST_LOST);
        keep.run();
        lengths[0] = writer.farewell("good bye");
        keep.run();
        return records;
    }

    private static byte[] bulkFrame() {
        BulkWriter writer = new BulkWriter();
        UnsafeBuffer frame = new UnsafeBuffer(new byte[1 << 15]);
        writer.begin(frame, frame.capacity(), 7, 100);
        writer.syncStart(1, 2, 3, 4, 5, 6);
        writer.chunk(Blob.BASELINE, 0, 5, new UnsafeBuffer(new byte[5]), 0, 5);
        writer.page(1, Encoding.RAW, 99, 4096);
        writer.page(2, Encoding.ZERO, 99, 0);
        writer.epochEnd(4, 2, 5, 1, 2);
        byte[] bytes = new byte[writer.end()];
        frame.getBytes(0, bytes);
        return bytes;
    }

    @Test
    void shouldReadWhatWasWritten() {
        for (byte[] record : controlRecords()) {
            control.read(new UnsafeBuffer(record), 0, record.length, visitor(ControlReader.Visitor.class));
        }
        byte[] frame = bulkFrame();
        bulk.read(new UnsafeBuffer(frame), 0, frame.length, visitor(BulkReader.Visitor.class));
        assertEquals(
                List.of(
                        "onProtect",
                        "onVerdict",
                        "onHeartbeat",
                        "onHeartbeatEcho",
                        "onAck",
                        "onDivergence",
                        "onHandOver",
                        "onFarewell",
                        "onFrame",
                        "onSyncStart",
                        "onChunk",
                        "onPage",
                        "onPage",
                        "onEpochEnd"),
                calls);
    }

    @Test
    void shouldAnswerDamagedControlRecordsWithAFault() {
        List<byte[]> records = controlRecords();
        int faults = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            Random random = new Random(seed);
            byte[] bytes = damaged(random, records.get(random.nextInt(records.size())));
            faults += reads(seed, bytes, true) ? 0 : 1;
        }
        assertTrue(faults > SEEDS / 10, "only " + faults + " faults");
    }

    @Test
    void shouldAnswerDamagedBulkFramesWithAFault() {
        byte[] frame = bulkFrame();
        int faults = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            faults += reads(seed, damaged(new Random(seed), frame), false) ? 0 : 1;
        }
        assertTrue(faults > SEEDS / 10, "only " + faults + " faults");
    }

    private static byte[] damaged(Random random, byte[] good) {
        if (random.nextInt(8) == 0) {
            byte[] noise = new byte[random.nextInt(200)];
            random.nextBytes(noise);
            return noise;
        }
        byte[] bytes =
                java.util.Arrays.copyOf(good, random.nextInt(4) == 0 ? random.nextInt(good.length + 9) : good.length);
        int damages = 1 + random.nextInt(3);
        for (int i = 0; i < damages && bytes.length > 0; i++) {
            int at = random.nextInt(Math.min(bytes.length, random.nextBoolean() ? 80 : bytes.length));
            bytes[at] = (byte) (random.nextBoolean() ? bytes[at] ^ 1 << random.nextInt(8) : random.nextInt());
        }
        return bytes;
    }

    /** Exactly as large as the frame, so that the bounds checks of the buffer catch a read beyond it. */
    private boolean reads(long seed, byte[] bytes, boolean isControl) {
        DirectBuffer buffer = new UnsafeBuffer(bytes);
        try {
            if (isControl) {
                control.read(buffer, 0, bytes.length, visitor(ControlReader.Visitor.class));
            } else {
                bulk.read(buffer, 0, bytes.length, visitor(BulkReader.Visitor.class));
            }
            return true;
        } catch (RecordFault expected) {
            return false;
        } catch (RuntimeException e) {
            throw new AssertionError("seed " + seed, e);
        }
    }
}
