package io.lockstep.mirror.lockstep;

import io.lockstep.mirror.verify.EpochDigest;
import java.nio.ByteOrder;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;

/**
 * Layout of the log. A frame is the payload of one bulk frame of the interconnect: a header of 40 bytes, then records. Little endian.
 *
 * <pre>
 *   0          8       12        14         16           24         32         40
 *   +----------+-------+---------+----------+------------+----------+----------+--------- -
 *   | checksum | magic | version | reserved | generation | position | released | records...
 *   +----------+-------+---------+----------+------------+----------+----------+--------- -
 *   record, starts at a multiple of 8:
 *   +--------+-------+---------+---------+--------- -
 *   | length | type  | channel | count   | body...
 *   0        4       6         8         16
 * </pre>
 *
 * <ul>
 *   <li>{@code checksum}: XXH3 of everything behind it in the frame.
 *   <li>{@code generation}: number of the session; a frame with another one is stale.
 *   <li>{@code position}: bytes of records in front of this frame's, since the session began.
 *   <li>{@code released}: bytes of output that the primary has let out, since the session began.
 *   <li>{@code length}: of the record with its header, without padding.
 *   <li>{@code count}: instruction count at which the record takes effect.
 * </ul>
 *
 * The answers travel on the control channel, see {@link ReplyDescriptor}.
 */
final class LogDescriptor {
    static final int MAGIC = 0x314C534C;
    static final int VERSION = 1;
    static final int HEADER_LENGTH = 40;
    static final int RECORD_HEADER = 16;

    /** Body: the bytes injected into {@code channel}. */
    static final int EVENT = 1;
    /** No body: the secondary may execute up to here. */
    static final int PROGRESS = 2;
    /** Body: pairs of page and digest, the pages written since the last digest. */
    static final int PAGES = 3;
    /** Body: digest of the state, digest of memory. */
    static final int DIGEST = 4;
    /** Body: pages of the machine, bytes of its state, most bytes of log that the secondary is asked to keep. */
    static final int CHECKPOINT = 5;
    /** Body: page, then its content; nothing for a page of zeros. */
    static final int PAGE = 6;
    /** Body: offset, then that piece of the state. */
    static final int STATE = 7;
    /** Body: as {@link #DIGEST}. The machine is complete. */
    static final int CHECKPOINT_END = 8;

    private static final int CHECKSUM_OFFSET = 0;
    private static final int CHECKED_OFFSET = 8;
    static final int MAGIC_OFFSET = 8;
    static final int VERSION_OFFSET = 12;
    static final int RESERVED_OFFSET = 14;
    static final int GENERATION_OFFSET = 16;
    static final int POSITION_OFFSET = 24;
    static final int RELEASED_OFFSET = 32;
    static final int TYPE_OFFSET = 4;
    static final int CHANNEL_OFFSET = 6;
    static final int COUNT_OFFSET = 8;

    static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

    private LogDescriptor() {}

    /** What a record takes up in the log. */
    static int space(int bodyLength) {
        return BitUtil.align(RECORD_HEADER + bodyLength, Long.BYTES);
    }

    static long checksum(DirectBuffer frame, int offset, int length) {
        return EpochDigest.ofBytes(frame, offset + CHECKED_OFFSET, length - CHECKED_OFFSET);
    }

    static int checksumAt(int offset) {
        return offset + CHECKSUM_OFFSET;
    }
}
