package io.lockstep.hypervisor.qemu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.mirror.spi.FramePort;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QemuNicTest {
    private final ScriptedChannel channel = new ScriptedChannel();
    private final QemuNic nic = new QemuNic();
    private final List<byte[]> frames = new ArrayList<>();
    private final FramePort.Handler collect = (buffer, offset, length) -> {
        byte[] copy = new byte[length];
        buffer.getBytes(offset, copy);
        frames.add(copy);
    };

    @Test
    void shouldBeQuietBeforeTheGuestConnects() {
        assertEquals(QemuNic.State.ABSENT, nic.state());
        assertEquals(0, nic.poll(collect, 10));
        assertFalse(nic.offer(new UnsafeBuffer(new byte[60]), 0, 60));
    }

    @Test
    void shouldDeliverFramesWhateverWayTheBytesArrive() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        nic.attach(channel);
        List<byte[]> expected = new ArrayList<>();
        ByteBuffer wire = ByteBuffer.allocate(8 << 20);
        for (int i = 0; i < 100; i++) {
            byte[] frame = new byte[i == 50 ? FramePort.MAX_FRAME : 1 + random.nextInt(i % 10 == 0 ? 60_000 : 1514)];
            random.nextBytes(frame);
            expected.add(frame);
            wire.putInt(frame.length).put(frame);
        }
        wire.flip();
        while (wire.hasRemaining()) {
            byte[] chunk = new byte[Math.min(wire.remaining(), 1 + random.nextInt(9000))];
            wire.get(chunk);
            channel.arrive(chunk);
        }

        int delivered = 0;
        int count;
        while ((count = nic.poll(collect, 7)) > 0) {
            delivered += count;
        }

        assertEquals(100, delivered, "seed " + seed);
        for (int i = 0; i < 100; i++) {
            assertArrayEquals(expected.get(i), frames.get(i), "frame " + i + ", seed " + seed);
        }
    }

    @Test
    void shouldStopAtTheLimitAndGoOnThere() {
        nic.attach(channel);
        channel.arrive(new byte[] {0, 0, 0, 1, 'a', 0, 0, 0, 1, 'b', 0, 0, 0, 1, 'c'});

        assertEquals(2, nic.poll(collect, 2));
        assertEquals(1, nic.poll(collect, 2));
        assertEquals(0, nic.poll(collect, 2));
        assertEquals('c', frames.get(2)[0]);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, FramePort.MAX_FRAME + 1, Integer.MIN_VALUE, Integer.MAX_VALUE})
    void shouldBreakOnAnImpossibleLength(int length) {
        nic.attach(channel);
        channel.arrive(new byte[] {0, 0, 0, 1, 'a'});
        channel.arrive(ByteBuffer.allocate(4).putInt(length).array());

        assertEquals(1, nic.poll(collect, 10));

        assertEquals(QemuNic.State.BROKEN, nic.state());
        assertTrue(nic.problem().contains(Integer.toUnsignedString(length)), nic.problem());
        assertFalse(channel.isOpen());
        assertEquals(0, nic.poll(collect, 10));
        assertFalse(nic.offer(new UnsafeBuffer(new byte[60]), 0, 60));
    }

    @Test
    void shouldSendTheRestOfAFrameLater() {
        nic.attach(channel);
        channel.room(6);

        assertTrue(nic.offer(new UnsafeBuffer(new byte[] {9, 1, 2, 3, 9}), 1, 3));
        assertTrue(nic.hasUnsent());
        channel.room(100);
        nic.poll(collect, 1);

        assertFalse(nic.hasUnsent());
        assertArrayEquals(new byte[] {0, 0, 0, 3, 1, 2, 3}, channel.sent());
    }

    @Test
    void shouldRefuseFramesWhenFullAndLoseNone() {
        nic.attach(channel);
        channel.room(0);
        UnsafeBuffer frame = new UnsafeBuffer(new byte[FramePort.MAX_FRAME]);
        int accepted = 0;
        while (nic.offer(frame, 0, FramePort.MAX_FRAME)) {
            accepted++;
        }

        assertTrue(accepted > 0 && accepted < 100, "accepted " + accepted);
        channel.room(Integer.MAX_VALUE);
        assertTrue(nic.offer(frame, 0, FramePort.MAX_FRAME));
        nic.poll(collect, 1);
        assertEquals((accepted + 1) * (4 + FramePort.MAX_FRAME), channel.sent().length);
    }

    @Test
    void shouldRefuseFramesThatCannotExist() {
        UnsafeBuffer frame = new UnsafeBuffer(new byte[FramePort.MAX_FRAME + 1]);

        assertThrows(IllegalArgumentException.class, () -> nic.offer(frame, 0, FramePort.MAX_FRAME + 1));
        assertThrows(IllegalArgumentException.class, () -> nic.offer(frame, 0, 0));
    }

    @Test
    void shouldDeliverWhatCameBeforeTheEnd() {
        nic.attach(channel);
        channel.arrive(new byte[] {0, 0, 0, 1, 'a', 0, 0});
        channel.end();

        assertEquals(1, nic.poll(collect, 10));
        assertEquals(QemuNic.State.CLOSED, nic.state());
        assertEquals("", nic.problem());
    }
}
