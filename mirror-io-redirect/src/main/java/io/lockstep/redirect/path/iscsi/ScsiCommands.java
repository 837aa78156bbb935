package io.lockstep.redirect.path.iscsi;

import io.lockstep.nativeio.IscsiSession;
import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Lays out SCSI commands (SBC-4, SPC-5), big endian, in 16 bytes each:
 *
 * <pre>
 *   READ, WRITE, WRITE SAME   | code 1 | flags 1 | block 8 | blocks 4 | 0 2 |     flags: FUA bit 3; WRITE SAME: UNMAP bit 3
 *   SYNCHRONIZE CACHE         | code 1 | 0 1     | block 8 | blocks 4 | 0 2 |     0 blocks: all
 *   SERVICE ACTION IN         | code 1 | action 1| block 8 | length 4 | 0 2 |
 *   UNMAP                     | code 1 | 0 6               | length 2 | 0 |       data: | 22 2 | 16 2 | 0 4 | block 8 | blocks 4 | 0 4 |
 *   PERSISTENT RESERVE        | code 1 | action 1 | type 1 | 0 2 | length 4 | 0 |
 * </pre>
 */
final class ScsiCommands {
    static final int READ_16 = 0x88;
    static final int WRITE_16 = 0x8a;
    static final int WRITE_SAME_16 = 0x93;
    static final int SYNCHRONIZE_CACHE_16 = 0x91;
    static final int SERVICE_ACTION_IN_16 = 0x9e;
    static final int READ_CAPACITY_16 = 0x10;
    static final int GET_LBA_STATUS = 0x12;
    static final int FLAG = 1 << 3;

    private static final int INQUIRY = 0x12;
    private static final int MODE_SENSE_6 = 0x1a;
    private static final int ALL_PAGES = 0x3f;
    private static final int UNMAP = 0x42;
    private static final int PERSISTENT_RESERVE_IN = 0x5e;
    private static final int PERSISTENT_RESERVE_OUT = 0x5f;
    private static final int UNMAP_LENGTH = 24;
    private static final ByteOrder BIG = ByteOrder.BIG_ENDIAN;

    private ScsiCommands() {}

    private static void start(UnsafeBuffer cdb, int at, int code) {
        cdb.setMemory(at, IscsiSession.CDB_LENGTH, (byte) 0);
        cdb.putByte(at, (byte) code);
    }

    /** The commands of 16 bytes that name blocks. {@code second} is the flags or the service action. */
    static void blocks(UnsafeBuffer cdb, int at, int code, int second, long block, int count) {
        start(cdb, at, code);
        cdb.putByte(at + 1, (byte) second);
        cdb.putLong(at + 2, block, BIG);
        cdb.putInt(at + 10, count, BIG);
    }

    /** UNMAP of one range; writes the 24 bytes of its data, too. */
    static int unmap(UnsafeBuffer cdb, int at, UnsafeBuffer data, int dataAt, long block, int count) {
        start(cdb, at, UNMAP);
        cdb.putShort(at + 7, (short) UNMAP_LENGTH, BIG);
        data.setMemory(dataAt, UNMAP_LENGTH, (byte) 0);
        data.putShort(dataAt, (short) (UNMAP_LENGTH - 2), BIG);
        data.putShort(dataAt + 2, (short) (UNMAP_LENGTH - 8), BIG);
        data.putLong(dataAt + 8, block, BIG);
        data.putInt(dataAt + 16, count, BIG);
        return UNMAP_LENGTH;
    }

    /** INQUIRY of a page of vital product data. */
    static void inquiry(UnsafeBuffer cdb, int at, int page, int length) {
        start(cdb, at, INQUIRY);
        cdb.putByte(at + 1, (byte) 1);
        cdb.putByte(at + 2, (byte) page);
        cdb.putShort(at + 3, (short) length, BIG);
    }

    /** MODE SENSE (6) of all pages; only the header is looked at. */
    static void modeSense(UnsafeBuffer cdb, int at, int length) {
        start(cdb, at, MODE_SENSE_6);
        cdb.putByte(at + 2, (byte) ALL_PAGES);
        cdb.putByte(at + 4, (byte) length);
    }

    /** PERSISTENT RESERVE IN. */
    static void reserveIn(UnsafeBuffer cdb, int at, int action, int length) {
        start(cdb, at, PERSISTENT_RESERVE_IN);
        cdb.putByte(at + 1, (byte) action);
        cdb.putShort(at + 7, (short) length, BIG);
    }

    /** PERSISTENT RESERVE OUT; the data is two keys and 8 bytes more. */
    static void reserveOut(UnsafeBuffer cdb, int at, int action, int type, int length) {
        start(cdb, at, PERSISTENT_RESERVE_OUT);
        cdb.putByte(at + 1, (byte) action);
        cdb.putByte(at + 2, (byte) type);
        cdb.putInt(at + 5, length, BIG);
    }
}
