package io.lockstep.mirror.record;

import io.lockstep.mirror.record.codec.AckEncoder;
import io.lockstep.mirror.record.codec.DivergenceEncoder;
import io.lockstep.mirror.record.codec.FarewellEncoder;
import io.lockstep.mirror.record.codec.HandOverEncoder;
import io.lockstep.mirror.record.codec.HeartbeatEchoEncoder;
import io.lockstep.mirror.record.codec.HeartbeatEncoder;
import io.lockstep.mirror.record.codec.MessageHeaderEncoder;
import io.lockstep.mirror.record.codec.ProtectEncoder;
import io.lockstep.mirror.record.codec.VerdictEncoder;
import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Writes one control record at a time into its own buffer: call a method, then send {@link #buffer()} from 0 to the returned length.
 *
 * <p>Reused; not thread-safe. Only the records with text allocate; they are not on the data path.
 */
public final class ControlWriter {
    /** Longest control record in bytes. */
    public static final int MAX_LENGTH = 64 * 1024;

    private static final int HEADER = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final int MAX_TEXT = 1024;

    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[MAX_LENGTH]);
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final HeartbeatEncoder heartbeat = new HeartbeatEncoder();
    private final HeartbeatEchoEncoder echo = new HeartbeatEchoEncoder();
    private final AckEncoder ack = new AckEncoder();

    /** The record written last. */
    public DirectBuffer buffer() {
        return buffer;
    }

    /** Asks the peer to protect a guest of {@code pageCount} pages of memory and {@code blockCount} blocks of disk. */
    public int protect(
            long imageId, long generation, long term, long pageCount, long blockCount, String vm, byte[] guest) {
        ProtectEncoder encoder = new ProtectEncoder()
                .wrapAndApplyHeader(buffer, 0, header)
                .imageId(imageId)
                .generation(generation)
                .term(term)
                .pageCount(pageCount)
                .blockCount(blockCount);
        byte[] name = text(vm);
        encoder.putVm(name, 0, name.length).putGuest(guest, 0, guest.length);
        return HEADER + encoder.encodedLength();
    }

    /** Answers {@link #protect}; {@code diskToken} names what the local copy of the disk holds, 0 for nothing of use. */
    public int verdict(
            boolean accepted,
            long generation,
            long resumeImageId,
            long resumeEpoch,
            long resumeChain,
            long diskToken,
            String reason) {
        VerdictEncoder encoder = new VerdictEncoder()
                .wrapAndApplyHeader(buffer, 0, header)
                .accepted((short) (accepted ? 1 : 0))
                .generation(generation)
                .resumeImageId(resumeImageId)
                .resumeEpoch(resumeEpoch)
                .resumeChain(resumeChain)
                .diskToken(diskToken);
        byte[] bytes = text(reason);
        encoder.putReason(bytes, 0, bytes.length);
        return HEADER + encoder.encodedLength();
    }

    /**
     * A sign of life; {@code sentNs} is the sender's clock and comes back in the echo. Up to {@code durableEpoch} the sender's copy of
     * the disk would survive a power cut.
     */
    public int heartbeat(long sequence, long sentNs, long term, long durableEpoch) {
        heartbeat
                .wrapAndApplyHeader(buffer, 0, header)
                .sequence(sequence)
                .sentNs(sentNs)
                .term(term)
                .durableEpoch(durableEpoch);
        return HEADER + HeartbeatEncoder.BLOCK_LENGTH;
    }

    /** Answers a heartbeat. */
    public int heartbeatEcho(long sequence, long sentNs) {
        echo.wrapAndApplyHeader(buffer, 0, header).sequence(sequence).sentNs(sentNs);
        return HEADER + HeartbeatEchoEncoder.BLOCK_LENGTH;
    }

    /**
     * Acknowledges every record up to {@code position} and, at {@code level}, every epoch up to {@code epoch}. Up to {@code
     * durableEpoch} the sender's copy of the disk would survive a power cut.
     */
    public int ack(AckLevel level, long generation, long position, long epoch, long chain, long durableEpoch) {
        ack.wrapAndApplyHeader(buffer, 0, header)
                .level(io.lockstep.mirror.record.codec.AckLevel.get((short) level.ordinal()))
                .generation(generation)
                .position(position)
                .epoch(epoch)
                .chain(chain)
                .durableEpoch(durableEpoch);
        return HEADER + AckEncoder.BLOCK_LENGTH;
    }

    /** Says that the replica differs from what the primary says it is. */
    public int divergence(long epoch, long page, long expected, long actual, String what) {
        DivergenceEncoder encoder = new DivergenceEncoder()
                .wrapAndApplyHeader(buffer, 0, header)
                .epoch(epoch)
                .page(page)
                .expected(expected)
                .actual(actual);
        byte[] bytes = text(what);
        encoder.putWhat(bytes, 0, bytes.length);
        return HEADER + encoder.encodedLength();
    }

    /** Gives the guest away at {@code epoch}; the sender releases nothing any more. */
    public int handOver(long epoch, long term, HandOverReason reason) {
        HandOverEncoder encoder = new HandOverEncoder()
                .wrapAndApplyHeader(buffer, 0, header)
                .epoch(epoch)
                .term(term)
                .reason(io.lockstep.mirror.record.codec.HandOverReason.get((short) reason.ordinal()));
        return HEADER + encoder.encodedLength();
    }

    /** Ends the protection; the receiver forgets its replica. */
    public int farewell(String reason) {
        FarewellEncoder encoder = new FarewellEncoder().wrapAndApplyHeader(buffer, 0, header);
        byte[] bytes = text(reason);
        encoder.putReason(bytes, 0, bytes.length);
        return HEADER + encoder.encodedLength();
    }

    private static byte[] text(String value) {
        String cut = value.length() > MAX_TEXT ? value.substring(0, MAX_TEXT) : value;
        return cut.getBytes(StandardCharsets.UTF_8);
    }
}
