package io.lockstep.mirror.release;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.mirror.spi.FramePort;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class OutputGateTest {
    private static final int CAPACITY = 1 << 19;

    private final OutputGate gate = new OutputGate(CAPACITY);
    private final UnsafeBuffer frame = new UnsafeBuffer(new byte[FramePort.MAX_FRAME]);
    private final List<Long> left = new ArrayList<>();
    private int room = Integer.MAX_VALUE;
    private final FramePort port = new FramePort() {
        @Override
        public int poll(Handler handler, int limit) {
            return 0;
        }

        @Override
        public boolean offer(DirectBuffer buffer, int offset, int length) {
            if (room == 0) {
                return false;
            }
            room--;
            left.add(buffer.getLong(offset) * 100_000 + length);
            return true;
        }
    };

    private void hold(long number, int length) {
        frame.putLong(0, number);
        gate.hold(frame, 0, length);
    }

    @Test
    void shouldLetOutNothingBeforeItsEpochIsPermitted() {
        hold(1, 100);
        gate.mark(7);
        hold(2, 100);
        assertTrue(gate.hasUnmarked());
        assertEquals(0, gate.release(port));
        gate.permit(6);
        assertEquals(0, gate.release(port));
        gate.permit(7);
        assertTrue(gate.hasReleasable());
        assertEquals(1, gate.release(port));
        assertEquals(List.of(100_100L), left);
        assertEquals(1, gate.heldFrames());
        gate.permitAll();
        assertEquals(1, gate.release(port));
        assertEquals(0, gate.heldBytes());
    }

    @Test
    void shouldKeepOrderAndContentAroundTheEndOfItsBuffer() {
        for (long seed = 0; seed < 40; seed++) {
            Random random = new Random(seed);
            OutputGate fresh = new OutputGate(CAPACITY);
            ArrayDeque<Long> expected = new ArrayDeque<>();
            left.clear();
            long epoch = 0;
            for (int i = 1; i < 3000; i++) {
                while (fresh.hasRoom() && random.nextInt(4) != 0) {
                    int length = random.nextInt(3) == 0
                            ? FramePort.MAX_FRAME - random.nextInt(16)
                            : 8 + random.nextInt(2000);
                    frame.putLong(0, i);
                    fresh.hold(frame, 0, length);
                    expected.add((long) i * 100_000 + length);
                }
                assertTrue(fresh.heldBytes() <= CAPACITY, "seed " + seed);
                fresh.mark(++epoch);
                if (random.nextInt(3) == 0 || epoch % 60 == 0) {
                    fresh.permit(epoch);
                }
                room = random.nextInt(20);
                fresh.release(port);
                for (long sent : left) {
                    assertEquals(expected.poll(), sent, "seed " + seed + ", step " + i);
                }
                left.clear();
            }
        }
    }

    @Test
    void shouldHoldTheLongestFramesToTheLastByte() {
        for (int shift = 0; shift < 70_000; shift += 992) {
            OutputGate fresh = new OutputGate(CAPACITY);
            long number = 0;
            frame.putLong(0, ++number);
            fresh.hold(frame, 0, 8 + shift % 65_000);
            while (fresh.hasRoom()) {
                frame.putLong(0, ++number);
                fresh.hold(frame, 0, FramePort.MAX_FRAME);
            }
            assertTrue(fresh.heldBytes() <= CAPACITY);
        }
    }

    @Test
    void shouldNeverOverwriteWhatIsHeldWhenTheEndIsJustTooShort() {
        int record = 65_608;
        for (int rest = record - 8; rest >= record - 64; rest -= 8) {
            OutputGate fresh = new OutputGate(CAPACITY);
            left.clear();
            int at = 0;
            long number = 0;
            while (CAPACITY - at - rest >= 8 + 8) {
                int length = Math.min(60_000, CAPACITY - at - rest - 4);
                length -= (length + 4) % 8;
                frame.putLong(0, ++number);
                if (!fresh.hasRoom()) {
                    fresh.permitAll();
                    fresh.release(port);
                }
                fresh.hold(frame, 0, length);
                at += length + 4;
            }
            fresh.permitAll();
            fresh.release(port);
            left.clear();
            List<Long> expected = new ArrayList<>();
            while (fresh.hasRoom()) {
                frame.putLong(0, ++number);
                fresh.hold(frame, 0, FramePort.MAX_FRAME);
                expected.add(number * 100_000 + FramePort.MAX_FRAME);
            }
            assertTrue(fresh.heldBytes() <= CAPACITY, "rest " + rest);
            fresh.permitAll();
            fresh.release(port);
            assertEquals(expected, left, "rest " + rest);
        }
    }

    @Test
    void shouldRefuseWhatDoesNotFit() {
        while (gate.hasRoom()) {
            hold(1, 60_000);
        }
        assertThrows(IllegalStateException.class, () -> hold(2, 1));
        gate.dropUnpermitted();
        assertEquals(0, gate.heldFrames());
        assertTrue(gate.hasRoom());
        assertFalse(gate.hasUnmarked());
        for (int i = 0; i < 64; i++) {
            gate.mark(i + 1);
        }
        assertThrows(IllegalStateException.class, () -> gate.mark(65));
        assertThrows(IllegalArgumentException.class, () -> new OutputGate(1 << 18));
    }
}
