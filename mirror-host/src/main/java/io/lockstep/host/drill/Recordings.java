package io.lockstep.host.drill;

import io.lockstep.host.rig.RigException;
import io.lockstep.mirror.record.FrameDecoder;
import io.lockstep.mirror.record.FrameDescriptor;
import io.lockstep.mirror.record.FrameEncoder;
import io.lockstep.mirror.record.FrameKind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What was written down of earlier connections, and what can be made of it. Offsets as in docs/protocol.md. */
final class Recordings {
    private static final int VERSION_MIN = FrameDescriptor.HEADER_LENGTH + 2;
    private static final int VERSION_MAX = FrameDescriptor.HEADER_LENGTH + 4;
    private static final int NONCE = FrameDescriptor.HEADER_LENGTH + 8;
    private static final int MAX_LENGTH = 2048;

    private Recordings() {}

    /** The two connections of the oldest session that has both: they carry the same nonce in their greetings. */
    static List<byte[]> oldestSession(List<byte[]> recordings) throws RigException {
        Map<Long, byte[]> firsts = new LinkedHashMap<>();
        for (byte[] recording : recordings) {
            if (recording.length < NONCE + Long.BYTES) {
                continue;
            }
            byte[] partner = firsts.putIfAbsent(nonce(recording), recording);
            if (partner != null) {
                return List.of(partner, recording);
            }
        }
        throw new RigException("no session was recorded, " + recordings.size() + " connections");
    }

    /** A greeting like the recorded one, sealed as it must be, that speaks another version of the protocol. */
    static byte[] ofVersion(int version, byte[] recording) throws RigException {
        ByteBuffer in = ByteBuffer.wrap(recording).order(ByteOrder.LITTLE_ENDIAN);
        FrameDecoder decoder = new FrameDecoder(MAX_LENGTH);
        decoder.startHandshake();
        if (decoder.next(in) != FrameDecoder.Step.FRAME) {
            throw new RigException("the recorded session does not start with a greeting: " + decoder.faultText());
        }
        ByteBuffer out = ByteBuffer.allocate(in.position()).order(ByteOrder.LITTLE_ENDIAN);
        out.put(recording, 0, in.position());
        out.putShort(VERSION_MIN, (short) version);
        out.putShort(VERSION_MAX, (short) version);
        FrameEncoder encoder = new FrameEncoder();
        encoder.start(nonce(recording));
        int end = encoder.seal(out.clear(), 0, FrameKind.HELLO, decoder.payloadLength());
        return Arrays.copyOf(out.array(), end);
    }

    private static long nonce(byte[] recording) {
        return ByteBuffer.wrap(recording).order(ByteOrder.LITTLE_ENDIAN).getLong(NONCE);
    }
}
