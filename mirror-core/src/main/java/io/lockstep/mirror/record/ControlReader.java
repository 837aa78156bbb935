package io.lockstep.mirror.record;

import io.lockstep.mirror.record.codec.AckDecoder;
import io.lockstep.mirror.record.codec.DivergenceDecoder;
import io.lockstep.mirror.record.codec.FarewellDecoder;
import io.lockstep.mirror.record.codec.HandOverDecoder;
import io.lockstep.mirror.record.codec.HeartbeatDecoder;
import io.lockstep.mirror.record.codec.HeartbeatEchoDecoder;
import io.lockstep.mirror.record.codec.MessageHeaderDecoder;
import io.lockstep.mirror.record.codec.ProtectDecoder;
import io.lockstep.mirror.record.codec.VerdictDecoder;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;

/** Takes a control record apart, checking it first (invariant I8). Reused; not thread-safe. */
public final class ControlReader {
    /** Receives control records. A role that does not expect one keeps the default, which faults the link. */
    public interface Visitor {
        /** See {@link ControlWriter#protect}. */
        default void onProtect(
                long imageId, long generation, long term, long pageCount, long blockCount, String vm, byte[] guest) {
            throw new RecordFault("protect request sent to a host that does not take one here");
        }

        /** See {@link ControlWriter#verdict}. */
        default void onVerdict(
                boolean accepted,
                long generation,
                long resumeImageId,
                long resumeEpoch,
                long resumeChain,
                long diskToken,
                String reason) {
            throw new RecordFault("verdict sent to a host that did not ask for one");
        }

        /** See {@link ControlWriter#heartbeat}. */
        default void onHeartbeat(long sequence, long sentNs, long term, long durableEpoch) {
            throw new RecordFault("heartbeat sent to a primary");
        }

        /** See {@link ControlWriter#heartbeatEcho}. */
        default void onHeartbeatEcho(long sequence, long sentNs) {
            throw new RecordFault("heartbeat echo sent to a secondary");
        }

        /** See {@link ControlWriter#ack}. */
        default void onAck(AckLevel level, long generation, long position, long epoch, long chain, long durableEpoch) {
            throw new RecordFault("acknowledgement sent to a secondary");
        }

        /** See {@link ControlWriter#divergence}. */
        default void onDivergence(long epoch, long page, long expected, long actual, String what) {
            throw new RecordFault("divergence report sent to a secondary");
        }

        /** See {@link ControlWriter#handOver}. */
        default void onHandOver(long epoch, long term, HandOverReason reason) {
            throw new RecordFault("hand-over sent to a primary");
        }

        /** See {@link ControlWriter#farewell}. */
        void onFarewell(String reason);
    }

    private static final int HEADER = MessageHeaderDecoder.ENCODED_LENGTH;
    private static final AckLevel[] LEVELS = AckLevel.values();
    private static final HandOverReason[] REASONS = HandOverReason.values();

    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final HeartbeatDecoder heartbeat = new HeartbeatDecoder();
    private final HeartbeatEchoDecoder echo = new HeartbeatEchoDecoder();
    private final AckDecoder ack = new AckDecoder();

    /**
     * Reads one record.
     *
     * @throws RecordFault if it is not legal
     */
    public void read(DirectBuffer buffer, int offset, int length, Visitor visitor) {
        RecordFault.require(length >= HEADER, "length of a control record", length, HEADER);
        header.wrap(buffer, offset);
        RecordFault.require(
                header.schemaId() == AckDecoder.SCHEMA_ID, "schema id", header.schemaId(), AckDecoder.SCHEMA_ID);
        RecordFault.require(
                header.version() == AckDecoder.SCHEMA_VERSION,
                "schema version",
                header.version(),
                AckDecoder.SCHEMA_VERSION);
        int at = offset + HEADER;
        int body = length - HEADER;
        switch (header.templateId()) {
            case HeartbeatDecoder.TEMPLATE_ID -> {
                block(HeartbeatDecoder.BLOCK_LENGTH, body);
                heartbeat.wrap(buffer, at, HeartbeatDecoder.BLOCK_LENGTH, HeartbeatDecoder.SCHEMA_VERSION);
                visitor.onHeartbeat(
                        heartbeat.sequence(), heartbeat.sentNs(), heartbeat.term(), heartbeat.durableEpoch());
            }
            case HeartbeatEchoDecoder.TEMPLATE_ID -> {
                block(HeartbeatEchoDecoder.BLOCK_LENGTH, body);
                echo.wrap(buffer, at, HeartbeatEchoDecoder.BLOCK_LENGTH, HeartbeatEchoDecoder.SCHEMA_VERSION);
                visitor.onHeartbeatEcho(echo.sequence(), echo.sentNs());
            }
            case AckDecoder.TEMPLATE_ID -> {
                block(AckDecoder.BLOCK_LENGTH, body);
                ack.wrap(buffer, at, AckDecoder.BLOCK_LENGTH, AckDecoder.SCHEMA_VERSION);
                int level = buffer.getByte(at) & 0xFF;
                RecordFault.require(level < LEVELS.length, "acknowledgement level", level, LEVELS.length - 1);
                visitor.onAck(
                        LEVELS[level], ack.generation(), ack.position(), ack.epoch(), ack.chain(), ack.durableEpoch());
            }
            default -> rare(header.templateId(), buffer, at, body, visitor);
        }
    }

    private void rare(int template, DirectBuffer buffer, int at, int body, Visitor visitor) {
        switch (template) {
            case ProtectDecoder.TEMPLATE_ID -> {
                block(ProtectDecoder.BLOCK_LENGTH, body);
                ProtectDecoder d = new ProtectDecoder()
                        .wrap(buffer, at, ProtectDecoder.BLOCK_LENGTH, ProtectDecoder.SCHEMA_VERSION);
                int end = at + body;
                int guestAt =
                        at + ProtectDecoder.BLOCK_LENGTH + 2 + length(buffer, at + ProtectDecoder.BLOCK_LENGTH, end);
                visitor.onProtect(
                        d.imageId(),
                        d.generation(),
                        d.term(),
                        d.pageCount(),
                        d.blockCount(),
                        string(buffer, at + ProtectDecoder.BLOCK_LENGTH, end),
                        bytes(buffer, guestAt, end));
            }
            case VerdictDecoder.TEMPLATE_ID -> {
                block(VerdictDecoder.BLOCK_LENGTH, body);
                VerdictDecoder d = new VerdictDecoder()
                        .wrap(buffer, at, VerdictDecoder.BLOCK_LENGTH, VerdictDecoder.SCHEMA_VERSION);
                visitor.onVerdict(
                        d.accepted() == 1,
                        d.generation(),
                        d.resumeImageId(),
                        d.resumeEpoch(),
                        d.resumeChain(),
                        d.diskToken(),
                        string(buffer, at + VerdictDecoder.BLOCK_LENGTH, at + body));
            }
            case DivergenceDecoder.TEMPLATE_ID -> {
                block(DivergenceDecoder.BLOCK_LENGTH, body);
                DivergenceDecoder d = new DivergenceDecoder()
                        .wrap(buffer, at, DivergenceDecoder.BLOCK_LENGTH, DivergenceDecoder.SCHEMA_VERSION);
                visitor.onDivergence(
                        d.epoch(),
                        d.page(),
                        d.expected(),
                        d.actual(),
                        string(buffer, at + DivergenceDecoder.BLOCK_LENGTH, at + body));
            }
            case HandOverDecoder.TEMPLATE_ID -> {
                block(HandOverDecoder.BLOCK_LENGTH, body);
                HandOverDecoder d = new HandOverDecoder()
                        .wrap(buffer, at, HandOverDecoder.BLOCK_LENGTH, HandOverDecoder.SCHEMA_VERSION);
                int reason = buffer.getByte(at + HandOverDecoder.reasonEncodingOffset()) & 0xFF;
                RecordFault.require(reason < REASONS.length, "hand-over reason", reason, REASONS.length - 1);
                visitor.onHandOver(d.epoch(), d.term(), REASONS[reason]);
            }
            case FarewellDecoder.TEMPLATE_ID -> visitor.onFarewell(string(buffer, at, at + body));
            default -> throw new RecordFault("control record of unknown kind " + template);
        }
    }

    private void block(int expected, int body) {
        RecordFault.require(header.blockLength() == expected, "block length", header.blockLength(), expected);
        RecordFault.require(body >= expected, "length of a control record", body, expected);
    }

    private static int length(DirectBuffer buffer, int at, int end) {
        RecordFault.require(at + 2 <= end, "end of a text length", at + 2, end);
        int length = buffer.getShort(at, ByteOrder.LITTLE_ENDIAN) & 0xFFFF;
        RecordFault.require(at + 2 + length <= end, "end of a text", (long) at + 2 + length, end);
        return length;
    }

    private static byte[] bytes(DirectBuffer buffer, int at, int end) {
        byte[] bytes = new byte[length(buffer, at, end)];
        buffer.getBytes(at + 2, bytes);
        return bytes;
    }

    private static String string(DirectBuffer buffer, int at, int end) {
        return new String(bytes(buffer, at, end), StandardCharsets.UTF_8);
    }
}
