package io.lockstep.nativeio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.agrona.BufferUtil;
import org.junit.jupiter.api.Test;

class TapDeviceTest {
    private final ByteBuffer frame = ByteBuffer.allocateDirect(2048);
    private final long address = BufferUtil.address(frame);

    @Test
    void shouldExchangeFramesWithTheKernel() throws Exception {
        try (TapDevice tap = open()) {
            assertEquals(0, tap.read(address, frame.capacity()));
            Process up = new ProcessBuilder("ip", "link", "set", tap.name(), "up")
                    .inheritIO()
                    .start();
            assertEquals(0, up.waitFor());
            Poller poller = new Poller(1);
            int index = poller.add(tap.fd(), Poller.IN);
            assertEquals(1, poller.poll(10_000), "the kernel announces itself on a new link");
            assertEquals(Poller.IN, poller.ready(index));
            int length = tap.read(address, frame.capacity());
            assertTrue(length >= 14, () -> "frame of " + length + " bytes");

            frame.put(0, new byte[] {-1, -1, -1, -1, -1, -1, 2, 0, 0, 0, 0, 1, (byte) 0x88, (byte) 0xb5});
            assertTrue(tap.write(address, 60));
            Path received = Path.of("/sys/class/net/" + tap.name() + "/statistics/rx_packets");
            assertEquals("1", Files.readString(received).strip());
        }
    }

    @Test
    void shouldRefuseUseAfterClose() throws IOException {
        TapDevice tap = open();
        tap.close();
        tap.close();
        assertThrows(IllegalStateException.class, () -> tap.write(address, 60));
        assertFalse(Files.exists(Path.of("/sys/class/net/" + tap.name())));
    }

    @Test
    void shouldNameTheDeviceThatIsNamedBadly() {
        var e = assertThrows(IllegalArgumentException.class, () -> TapDevice.open("a-very-long-device-name"));
        assertTrue(e.getMessage().contains("a-very-long-device-name"), e.getMessage());
        assertThrows(IllegalArgumentException.class, () -> TapDevice.open(""));
    }

    private static TapDevice open() {
        try {
            return TapDevice.open("mirtest%d");
        } catch (IOException e) {
            System.err.println("NOT TESTED HERE: tap device: " + e.getMessage());
            return abort("no tap device without CAP_NET_ADMIN: " + e.getMessage());
        }
    }
}
