package io.lockstep.host.drill;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.lockstep.host.rig.RigException;
import io.lockstep.mirror.record.FrameDecoder;
import io.lockstep.mirror.record.FrameDescriptor;
import io.lockstep.mirror.record.FrameEncoder;
import io.lockstep.mirror.record.FrameKind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecordingsTest {
    private static final int PAYLOAD = 38;

    private static byte[] greeting(long nonce) {
        ByteBuffer out = ByteBuffer.allocate(200).order(ByteOrder.LITTLE_ENDIAN);
        out.putShort(FrameDescriptor.HEADER_LENGTH + 2, (short) 1);
        out.putShort(FrameDescriptor.HEADER_LENGTH + 4, (short) 1);
        out.putLong(FrameDescriptor.HEADER_LENGTH + 8, nonce);
        FrameEncoder encoder = new FrameEncoder();
        encoder.start(nonce);
        int end = encoder.seal(out, 0, FrameKind.HELLO, PAYLOAD);
        return Arrays.copyOf(out.array(), end + 10);
    }

    @Test
    void shouldFindTheConnectionsOfOneSession() throws RigException {
        byte[] lonely = greeting(1);
        byte[] control = greeting(2);
        byte[] bulk = greeting(2);
        List<byte[]> session = Recordings.oldestSession(List.of(new byte[3], lonely, control, bulk));
        assertEquals(2, session.size());
        assertArrayEquals(control, session.get(0));
        assertThrows(RigException.class, () -> Recordings.oldestSession(List.of(lonely)));
    }

    @Test
    void shouldSealAnotherVersion() throws RigException {
        byte[] foreign = Recordings.ofVersion(99, greeting(7));
        ByteBuffer in = ByteBuffer.wrap(foreign).order(ByteOrder.LITTLE_ENDIAN);
        FrameDecoder decoder = new FrameDecoder(2048);
        decoder.startHandshake();
        assertEquals(FrameDecoder.Step.FRAME, decoder.next(in), decoder.faultText());
        assertEquals(99, in.getShort(decoder.payloadOffset() + 2));
        assertEquals(99, in.getShort(decoder.payloadOffset() + 4));
        assertEquals(7, in.getLong(decoder.payloadOffset() + 8));
    }

    @Test
    void shouldRefuseWhatIsNoGreeting() {
        assertThrows(RigException.class, () -> Recordings.ofVersion(99, new byte[100]));
    }
}
