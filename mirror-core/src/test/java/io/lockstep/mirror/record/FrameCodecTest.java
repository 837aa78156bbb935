package io.lockstep.mirror.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.mirror.record.FrameDecoder.Step;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameCodecTest {
    private static final int MAX = 2_000;
    private static final long SESSION = 0x1234_5678_9ABC_DEF0L;

    private final FrameEncoder encoder = new FrameEncoder();
    private final FrameDecoder decoder = new FrameDecoder(MAX);

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldCarryFramesOfEverySizeInArbitraryPieces(boolean direct) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        encoder.start(SESSION);
        decoder.start(FrameKind.BULK, SESSION);
        int[] lengths = new int[200];
        ByteBuffer wire = buffer(lengths.length * FrameDescriptor.frameLength(MAX), direct);
        int end = 0;
        for (int i = 0; i < lengths.length; i++) {
            lengths[i] = i == 0 ? 0 : i == 1 ? MAX : random.nextInt(MAX + 1);
            for (int j = 0; j < lengths[i]; j++) {
                wire.put(end + FrameDescriptor.HEADER_LENGTH + j, (byte) (i + j));
            }
            end += encoder.seal(wire, end, FrameKind.BULK, lengths[i]);
        }
        wire.limit(0);
        for (int i = 0; i < lengths.length; i++) {
            Step step = decoder.next(wire);
            while (step == Step.MORE) {
                wire.limit(Math.min(end, wire.limit() + 1 + random.nextInt(500)));
                step = decoder.next(wire);
            }
            assertEquals(Step.FRAME, step, () -> decoder.faultText() + ", seed " + seed);
            assertEquals(lengths[i], decoder.payloadLength(), () -> "seed " + seed);
            for (int j = 0; j < lengths[i]; j++) {
                assertEquals((byte) (i + j), wire.get(decoder.payloadOffset() + j));
            }
        }
        assertEquals(end, wire.position());
        assertEquals(Step.MORE, decoder.next(wire));
        assertEquals(lengths.length, encoder.nextSequence());
        assertEquals(lengths.length, decoder.nextSequence());
    }

    @Test
    void shouldNameAForeignMagicFromTheFirstFourBytes() {
        ByteBuffer wire = frame(FrameKind.BULK, 10);
        wire.put(0, (byte) 'X').limit(4);
        assertFault(wire, FrameFault.BAD_MAGIC, "0x314d5358");
    }

    @Test
    void shouldNameAnUnknownAndAMisplacedKind() {
        ByteBuffer wire = frame(FrameKind.BULK, 10);
        wire.put(FrameDescriptor.KIND_OFFSET, (byte) 77);
        assertFault(wire, FrameFault.UNKNOWN_KIND, "kind 77, expected BULK (1)");
        assertFault(frame(FrameKind.CONTROL, 10), FrameFault.UNKNOWN_KIND, "kind CONTROL (2), expected BULK (1)");
    }

    @Test
    void shouldNameAForeignVersion() {
        ByteBuffer wire = frame(FrameKind.BULK, 10);
        wire.putShort(FrameDescriptor.VERSION_OFFSET, (short) 9);
        assertFault(wire, FrameFault.BAD_VERSION, "version 9, expected 2");
    }

    @Test
    void shouldReadAHelloOfAnyVersionAndSession() {
        ByteBuffer wire = frame(FrameKind.HELLO, 10);
        wire.putShort(FrameDescriptor.VERSION_OFFSET, (short) 9);
        rewriteCrc(wire, 10);
        decoder.startHandshake();
        assertEquals(Step.FRAME, decoder.next(wire));
        assertEquals(SESSION, decoder.frameSession());
    }

    @ParameterizedTest
    @ValueSource(ints = {MAX + 1, Integer.MAX_VALUE, -1, Integer.MIN_VALUE})
    void shouldNameALengthBeyondTheLimitWithoutWaitingForIt(int length) {
        ByteBuffer wire = frame(FrameKind.BULK, 10);
        wire.putInt(FrameDescriptor.LENGTH_OFFSET, length).limit(FrameDescriptor.HEADER_LENGTH);
        assertFault(wire, FrameFault.TOO_LONG, Integer.toUnsignedLong(length) + " bytes, limit " + MAX);
    }

    @Test
    void shouldNameAnOldSessionAndARepeatedOrLostFrame() {
        ByteBuffer wire = frame(FrameKind.BULK, 10);
        decoder.start(FrameKind.BULK, SESSION + 1);
        assertEquals(Step.FAULT, decoder.next(wire));
        assertEquals(FrameFault.WRONG_SESSION, decoder.fault());

        decoder.start(FrameKind.BULK, SESSION);
        assertEquals(Step.FRAME, decoder.next(wire));
        wire.position(0);
        assertEquals(Step.FAULT, decoder.next(wire));
        assertEquals(FrameFault.OUT_OF_SEQUENCE, decoder.fault());
        assertTrue(decoder.faultText().contains("sequence 0, expected 1"), decoder.faultText());
        assertEquals(Step.FAULT, decoder.next(wire), "a fault must stay");
    }

    @Test
    void shouldFindEverySingleBitFlip() {
        int length = 100;
        for (int bit = 0; bit < FrameDescriptor.frameLength(length) * 8; bit++) {
            ByteBuffer wire = frame(FrameKind.BULK, length);
            wire.put(bit / 8, (byte) (wire.get(bit / 8) ^ 1 << bit % 8));
            decoder.start(FrameKind.BULK, SESSION);
            Step step = decoder.next(wire);
            // A length that grew but stays legal asks for bytes that never come; everything else is named at once.
            boolean grown = bit / 32 == 2
                    && wire.getInt(FrameDescriptor.LENGTH_OFFSET) > length
                    && wire.getInt(FrameDescriptor.LENGTH_OFFSET) <= MAX;
            assertEquals(grown ? Step.MORE : Step.FAULT, step, "bit " + bit);
        }
    }

    @Test
    void shouldSurviveRandomBytes() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        ByteBuffer wire = buffer(FrameDescriptor.frameLength(MAX), true);
        for (int round = 0; round < 50_000; round++) {
            fillWithNoise(wire, random);
            decoder.start(FrameKind.BULK, SESSION);
            Step step = decoder.next(wire);
            assertTrue(step == Step.MORE || step == Step.FAULT, () -> "seed " + seed);
            if (step == Step.FAULT) {
                assertNotNull(decoder.fault());
                assertFalse(decoder.faultText().isEmpty());
            }
            assertEquals(0, wire.position());
        }
    }

    /** Noise behind ever more of a legal header, so that every check is reached. */
    private static void fillWithNoise(ByteBuffer wire, Random random) {
        wire.clear();
        for (int i = 0; i < 64; i++) {
            wire.put(i, (byte) random.nextInt());
        }
        if (random.nextInt(10) > 0) {
            wire.putInt(FrameDescriptor.MAGIC_OFFSET, FrameDescriptor.MAGIC);
        }
        if (random.nextInt(10) > 0) {
            wire.put(FrameDescriptor.KIND_OFFSET, FrameKind.BULK.code());
        }
        if (random.nextInt(10) > 0) {
            wire.putShort(FrameDescriptor.VERSION_OFFSET, (short) FrameDescriptor.VERSION);
        }
        if (random.nextInt(10) > 0) {
            wire.putInt(FrameDescriptor.LENGTH_OFFSET, random.nextInt(MAX + 10));
        }
        wire.limit(random.nextInt(wire.capacity() + 1));
    }

    @Test
    void shouldRefuseWhatCannotBeEncoded() {
        ByteBuffer wire = buffer(100, true);
        assertThrows(IllegalArgumentException.class, () -> encoder.seal(wire, 0, FrameKind.BULK, -1));
        assertThrows(
                IllegalArgumentException.class,
                () -> encoder.seal(wire, 0, FrameKind.BULK, FrameDescriptor.MAX_PAYLOAD + 1));
        assertThrows(IndexOutOfBoundsException.class, () -> encoder.seal(wire, 0, FrameKind.BULK, 61));
        assertThrows(IndexOutOfBoundsException.class, () -> encoder.seal(wire, -1, FrameKind.BULK, 10));
        ByteBuffer bigEndian = ByteBuffer.allocate(100);
        assertThrows(IllegalArgumentException.class, () -> encoder.seal(bigEndian, 0, FrameKind.BULK, 1));
        assertThrows(IllegalArgumentException.class, () -> new FrameDecoder(FrameDescriptor.MAX_PAYLOAD + 1));
        assertEquals(0, encoder.nextSequence(), "a refused frame must not use up a number");
    }

    private void assertFault(ByteBuffer wire, FrameFault fault, String text) {
        decoder.start(FrameKind.BULK, SESSION);
        assertEquals(Step.FAULT, decoder.next(wire));
        assertEquals(fault, decoder.fault());
        assertTrue(decoder.faultText().startsWith(fault + ": "), decoder.faultText());
        assertTrue(decoder.faultText().contains(text), decoder.faultText());
    }

    private ByteBuffer frame(FrameKind kind, int payloadLength) {
        ByteBuffer wire = buffer(FrameDescriptor.frameLength(payloadLength), true);
        encoder.start(SESSION);
        encoder.seal(wire, 0, kind, payloadLength);
        return wire;
    }

    private static void rewriteCrc(ByteBuffer wire, int payloadLength) {
        wire.putInt(
                FrameDescriptor.CRC_OFFSET, FrameDescriptor.crc(new java.util.zip.CRC32C(), wire, 0, payloadLength));
    }

    private static ByteBuffer buffer(int capacity, boolean direct) {
        ByteBuffer buffer = direct ? ByteBuffer.allocateDirect(capacity) : ByteBuffer.allocate(capacity);
        return buffer.order(ByteOrder.LITTLE_ENDIAN);
    }
}
