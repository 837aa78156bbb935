package io.lockstep.redirect.regions;

import io.lockstep.redirect.regions.RegionLogException.Kind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * The bytes of a region log, little endian.
 *
 * <pre>
 *      0  header slot 0, 512 bytes            header slot:            bitmap block, 512 bytes:
 *   4096  header slot 1, 512 bytes              0  8 magic              0 504 bits of 4,032 regions, lowest first
 *   8192  bitmap blocks                         8  4 version          504   4 number of the block
 *         up to a multiple of 4096             12  4 zero             508   4 CRC-32C of bytes 0 to 507
 *                                              16  8 sequence; slot = sequence mod 2, the higher valid one counts
 *                                              24  8 bytes of the disk
 *                                              32  4 bytes of a region
 *                                              36  4 flags: 1 consistent, 2 stale
 *                                              40  8 token
 *                                              48  8 base token
 *                                              56  8 generation
 *                                              64  8 number of this log, random
 *                                              72  1 bytes of the name, then the name of the disk, at most 64
 *                                             137    zero
 *                                             508  4 CRC-32C of bytes 0 to 507
 * </pre>
 */
final class LogLayout {
    static final int MAX_NAME = 64;
    static final int SECTOR = 512;
    static final int PAGE = 4096;
    static final int BITMAP_AT = 2 * PAGE;
    static final int LONGS_PER_BLOCK = 63;
    static final int REGIONS_PER_BLOCK = LONGS_PER_BLOCK * Long.SIZE;
    static final int VERSION = 1;
    static final int MAX_FILE =
            BITMAP_AT + (RegionLogConfig.MAX_REGIONS / REGIONS_PER_BLOCK + PAGE / SECTOR + 1) * SECTOR;

    private static final long MAGIC = 0x474F4C474552534CL; // "LSREGLOG"
    private static final int VERSION_AT = 8;
    private static final int SEQUENCE_AT = 16;
    private static final int DISK_AT = 24;
    private static final int REGION_AT = 32;
    private static final int FLAGS_AT = 36;
    private static final int TOKEN_AT = 40;
    private static final int BASE_AT = 48;
    private static final int GENERATION_AT = 56;
    private static final int LOG_ID_AT = 64;
    private static final int NAME_AT = 72;
    private static final int BLOCK_NUMBER_AT = 504;
    private static final int CRC_AT = 508;
    private static final int CONSISTENT = 1;
    private static final int STALE = 2;

    private LogLayout() {}

    /** What does not change in the life of a log. */
    record Identity(String disk, long diskBytes, int regionBytes, long logId) {
        int regions() {
            return (int) ((diskBytes - 1) / regionBytes + 1);
        }

        int blocks() {
            return (regions() - 1) / REGIONS_PER_BLOCK + 1;
        }

        int fileBytes() {
            int used = BITMAP_AT + blocks() * SECTOR;
            return (used + PAGE - 1) / PAGE * PAGE;
        }
    }

    /** A header slot that could be read. */
    record Header(Identity identity, long sequence, CopyState state) {}

    static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    static long slotAt(long sequence) {
        return (sequence & 1) * PAGE;
    }

    static void encodeHeader(ByteBuffer into, int at, Header header) {
        for (int i = 0; i < SECTOR; i += Long.BYTES) {
            into.putLong(at + i, 0);
        }
        Identity identity = header.identity;
        CopyState state = header.state;
        into.putLong(at, MAGIC);
        into.putInt(at + VERSION_AT, VERSION);
        into.putLong(at + SEQUENCE_AT, header.sequence);
        into.putLong(at + DISK_AT, identity.diskBytes);
        into.putInt(at + REGION_AT, identity.regionBytes);
        into.putInt(at + FLAGS_AT, (state.consistent() ? CONSISTENT : 0) | (state.stale() ? STALE : 0));
        into.putLong(at + TOKEN_AT, state.token());
        into.putLong(at + BASE_AT, state.baseToken());
        into.putLong(at + GENERATION_AT, state.generation());
        into.putLong(at + LOG_ID_AT, identity.logId);
        byte[] name = identity.disk.getBytes(StandardCharsets.UTF_8);
        into.put(at + NAME_AT, (byte) name.length);
        into.put(at + NAME_AT + 1, name);
        into.putInt(at + CRC_AT, crc(new CRC32C(), into, at));
    }

    /** A log of a copy of which nothing is known. */
    static ByteBuffer newFile(Identity identity) {
        ByteBuffer content = buffer(identity.fileBytes());
        encodeHeader(content, 0, new Header(identity, 0, CopyState.UNKNOWN));
        encodeHeader(content, PAGE, new Header(identity, 1, CopyState.UNKNOWN));
        CRC32C crc = new CRC32C();
        for (int block = 0; block < identity.blocks(); block++) {
            sealBlock(crc, content, BITMAP_AT + block * SECTOR, block);
        }
        return content;
    }

    /** The newer of the two slots that is whole. */
    static Header decodeNewest(ByteBuffer file, String what) throws RegionLogException {
        Header first = decodeHeader(file, 0);
        Header second = decodeHeader(file, PAGE);
        if (first == null && second == null) {
            throw unreadable(file, what);
        }
        boolean useFirst = second == null || (first != null && first.sequence > second.sequence);
        return useFirst ? first : second;
    }

    private static RegionLogException unreadable(ByteBuffer file, String what) {
        boolean anyMagic = file.getLong(0) == MAGIC || file.getLong(PAGE) == MAGIC;
        int version = file.getInt((file.getLong(0) == MAGIC ? 0 : PAGE) + VERSION_AT);
        if (!anyMagic) {
            return new RegionLogException(Kind.WRONG_MAGIC, what + " is no region log");
        }
        if (version != VERSION) {
            return new RegionLogException(
                    Kind.OTHER_VERSION, what + " is a region log of version " + version + ": must be " + VERSION);
        }
        return new RegionLogException(Kind.TORN, "both headers of the region log " + what + " are damaged");
    }

    private static Header decodeHeader(ByteBuffer file, int at) {
        int nameBytes = file.get(at + NAME_AT);
        if (file.getLong(at) != MAGIC
                || file.getInt(at + VERSION_AT) != VERSION
                || file.getInt(at + CRC_AT) != crc(new CRC32C(), file, at)
                || nameBytes <= 0
                || nameBytes > MAX_NAME
                || file.getLong(at + GENERATION_AT) < 0) {
            return null;
        }
        byte[] name = new byte[nameBytes];
        file.get(at + NAME_AT + 1, name);
        int flags = file.getInt(at + FLAGS_AT);
        return new Header(
                new Identity(
                        new String(name, StandardCharsets.UTF_8),
                        file.getLong(at + DISK_AT),
                        file.getInt(at + REGION_AT),
                        file.getLong(at + LOG_ID_AT)),
                file.getLong(at + SEQUENCE_AT),
                new CopyState(
                        file.getLong(at + TOKEN_AT),
                        file.getLong(at + BASE_AT),
                        (flags & CONSISTENT) != 0,
                        (flags & STALE) != 0,
                        file.getLong(at + GENERATION_AT)));
    }

    static void sealBlock(CRC32C crc, ByteBuffer into, int at, int block) {
        into.putInt(at + BLOCK_NUMBER_AT, block);
        into.putInt(at + CRC_AT, crc(crc, into, at));
    }

    static boolean isWholeBlock(CRC32C crc, ByteBuffer from, int at, int block) {
        return from.getInt(at + BLOCK_NUMBER_AT) == block && from.getInt(at + CRC_AT) == crc(crc, from, at);
    }

    private static int crc(CRC32C crc, ByteBuffer from, int at) {
        crc.reset();
        from.limit(at + CRC_AT).position(at);
        crc.update(from);
        from.clear();
        return (int) crc.getValue();
    }
}
