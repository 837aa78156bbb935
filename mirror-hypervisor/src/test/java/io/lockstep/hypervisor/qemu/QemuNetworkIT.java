package io.lockstep.hypervisor.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.mirror.spi.GuestVm;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Frames to and from a real guest, driven by a selector as a host would. */
class QemuNetworkIT {
    private static final byte[] GUEST_ADDRESS = {10, 77, 0, 10};
    private static final byte[] OUR_MAC = {0x52, 0x54, 0, 1, 2, 3};
    private static final short ARP = 0x0806;

    private TestGuests guests;
    private final List<byte[]> replies = new ArrayList<>();

    @BeforeEach
    void open() throws IOException {
        guests = new TestGuests();
    }

    @AfterEach
    void close() throws IOException {
        guests.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {GuestSpec.MICROVM, GuestSpec.Q35})
    void shouldAnswerArpThroughTheCard(String machine) throws IOException {
        GuestSpec spec = guests.spec("arp", machine);
        QemuGuest guest = guests.boot(spec);
        TestGuests.await("ready", () -> TestGuests.console(spec), () -> {
            guest.poll();
            return TestGuests.console(spec).contains(TestGuests.READY);
        });
        UnsafeBuffer question = new UnsafeBuffer(arpRequest());

        try (Selector selector = Selector.open()) {
            assertTrue(guest.nic().offer(question, 0, question.capacity()));
            TestGuests.await(
                    "an ARP reply", () -> guest.nic().state() + guest.nic().problem(), () -> {
                        select(selector, guest);
                        assertEquals(GuestVm.Phase.RUNNING, guest.poll(), guest::problem);
                        guest.nic().poll(this::onFrame, 16);
                        return !replies.isEmpty();
                    });
        }

        assertEquals(spec.mac(), senderMac(replies.get(0)));
    }

    private static void select(Selector selector, QemuGuest guest) {
        guest.register(selector);
        try {
            selector.select(100);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        selector.selectedKeys().clear();
    }

    private void onFrame(org.agrona.DirectBuffer buffer, int offset, int length) {
        byte[] frame = new byte[length];
        buffer.getBytes(offset, frame);
        boolean reply = length >= 42
                && ByteBuffer.wrap(frame).getShort(12) == ARP
                && ByteBuffer.wrap(frame).getShort(20) == 2;
        if (reply) {
            replies.add(frame);
        }
    }

    private static byte[] arpRequest() {
        ByteBuffer frame = ByteBuffer.allocate(60);
        frame.put(new byte[] {-1, -1, -1, -1, -1, -1}).put(OUR_MAC).putShort(ARP);
        frame.putShort((short) 1)
                .putShort((short) 0x0800)
                .put((byte) 6)
                .put((byte) 4)
                .putShort((short) 1);
        frame.put(OUR_MAC).put(new byte[] {10, 77, 0, 1}).put(new byte[6]).put(GUEST_ADDRESS);
        return frame.array();
    }

    private static String senderMac(byte[] reply) {
        StringBuilder mac = new StringBuilder();
        for (int i = 22; i < 28; i++) {
            mac.append(mac.length() == 0 ? "" : ":").append(String.format("%02x", reply[i]));
        }
        return mac.toString();
    }
}
