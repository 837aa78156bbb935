package io.lockstep.hypervisor.qemu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class DeviceStateTest {
    private static final byte[] CONFIGURATION = {7, 0, 0, 0, 1, 'x'};
    private static final byte[] RAM = {1, 0, 0, 0, 2, 3, 'r', 'a', 'm', 0, 0, 0, 0, 0, 0, 0, 4, 9, 9, 9};

    @Test
    void shouldTakeTheHeadOfTheBaselineAndTheSectionsOfTheState() {
        byte[] baseline = join(header(), CONFIGURATION, RAM, full("timer", 1), full("cpu", 1), new byte[] {0});
        byte[] state = join(header(), full("timer", 2), full("cpu", 2), new byte[] {0});

        assertArrayEquals(
                join(header(), CONFIGURATION, RAM, full("timer", 2), full("cpu", 2), new byte[] {0}),
                splice(baseline, state, state.length));
    }

    @Test
    void shouldIgnoreBytesAfterTheGivenLength() {
        byte[] baseline = join(header(), CONFIGURATION, RAM, full("timer", 1), new byte[] {0});
        byte[] state = join(header(), full("timer", 2), new byte[] {0});

        assertArrayEquals(
                join(header(), CONFIGURATION, RAM, full("timer", 2), new byte[] {0}),
                splice(baseline, join(state, new byte[] {1, 2, 3}), state.length));
    }

    @Test
    void shouldTakeAWholeMigrationStreamAsItIs() {
        byte[] whole = join(header(), CONFIGURATION, RAM, full("timer", 2), new byte[] {0});

        assertArrayEquals(whole, splice(new byte[0], whole, whole.length));
    }

    @Test
    void shouldRefuseABaselineOfAnotherMachine() {
        byte[] baseline = join(header(), CONFIGURATION, RAM, full("clock", 1), new byte[] {0});
        byte[] state = join(header(), full("timer", 2), new byte[] {0});

        Exception e = assertThrows(IllegalArgumentException.class, () -> splice(baseline, state, state.length));
        assertTrue(e.getMessage().contains("no section 'timer'"), e.getMessage());
    }

    @Test
    void shouldRefuseEveryTruncationInsideTheFirstHeader() {
        byte[] baseline = join(header(), CONFIGURATION, RAM, full("timer", 1), new byte[] {0});
        byte[] state = join(header(), full("timer", 2));
        int endOfHeader = 8 + 1 + 4 + 1 + "timer".length() + 8;
        for (int length = 0; length < endOfHeader; length++) {
            int truncated = length;
            assertThrows(IllegalArgumentException.class, () -> splice(baseline, state, truncated), "at " + length);
        }
    }

    @Test
    void shouldRefuseBytesThatAreNoState() {
        byte[] state = "this is not a device state".getBytes(StandardCharsets.US_ASCII);

        Exception e = assertThrows(IllegalArgumentException.class, () -> splice(state, state, state.length));
        assertEquals("device state does not start with QEVM", e.getMessage());
    }

    private static byte[] splice(byte[] baseline, byte[] state, int length) {
        ByteBuffer stream = DeviceState.splice(baseline, new UnsafeBuffer(state), length);
        byte[] bytes = new byte[stream.remaining()];
        stream.get(bytes);
        return bytes;
    }

    private static byte[] header() {
        return ByteBuffer.allocate(8).putInt(0x5145564d).putInt(3).array();
    }

    /** Type, section id, name length, name, instance, version, then one byte of content. */
    private static byte[] full(String name, int content) {
        byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(1 + 4 + 1 + bytes.length + 8 + 1)
                .put((byte) 4)
                .putInt(3)
                .put((byte) bytes.length)
                .put(bytes)
                .putInt(0)
                .putInt(2)
                .put((byte) content)
                .array();
    }

    private static byte[] join(byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        ByteBuffer joined = ByteBuffer.allocate(length);
        for (byte[] part : parts) {
            joined.put(part);
        }
        return joined.array();
    }
}
