package io.lockstep.redirect.epoch;

import java.util.zip.CRC32C;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The bytes of a journal, in units of 4 KiB, little-endian. It holds one batch, or none.
 *
 * <pre>
 *   unit 0      magic 8 | version 4 | entries 4 | stored 4 | 0 | disk's blocks 8 | set 8 | CRC-32C of the body 4 | of the 44 bytes before 4
 *   unit 1...   body: index, 8 bytes for each entry: block number, top bit set if it is all zeroes; filled up to a unit
 *               then the stored blocks, in the order of the index
 * </pre>
 */
final class JournalLayout {
    static final int UNIT = Overlay.BLOCK;
    static final int ENTRIES_PER_UNIT = UNIT / Long.BYTES;
    static final long ZERO = Long.MIN_VALUE;

    private static final long MAGIC = 0x4C4E_524A_4B43_4F4CL;
    private static final int VERSION = 1;
    private static final int VERSION_AT = 8;
    private static final int ENTRIES_AT = 12;
    private static final int STORED_AT = 16;
    private static final int BLOCKS_AT = 24;
    private static final int SET_AT = 32;
    private static final int BODY_CRC_AT = 40;
    private static final int HEADER_CRC_AT = 44;

    private JournalLayout() {}

    /** Units of the index of so many entries. */
    static int indexUnits(int entries) {
        return (entries + ENTRIES_PER_UNIT - 1) / ENTRIES_PER_UNIT;
    }

    /** Bytes a journal must have for batches of so many blocks. */
    static long bytesFor(int blocks) {
        return (1L + indexUnits(blocks) + blocks) * UNIT;
    }

    static void encode(UnsafeBuffer unit, int entries, int stored, long diskBlocks, long set, int bodyCrc) {
        unit.setMemory(0, UNIT, (byte) 0);
        unit.putLong(0, MAGIC);
        unit.putInt(VERSION_AT, VERSION);
        unit.putInt(ENTRIES_AT, entries);
        unit.putInt(STORED_AT, stored);
        unit.putLong(BLOCKS_AT, diskBlocks);
        unit.putLong(SET_AT, set);
        unit.putInt(BODY_CRC_AT, bodyCrc);
        unit.putInt(HEADER_CRC_AT, headerCrc(unit));
    }

    /** True if the unit begins a batch for a disk of so many blocks; its body may still be torn. */
    static boolean isHeader(UnsafeBuffer unit, long diskBlocks, int mostEntries) {
        return unit.getLong(0) == MAGIC
                && unit.getInt(VERSION_AT) == VERSION
                && unit.getInt(HEADER_CRC_AT) == headerCrc(unit)
                && unit.getLong(BLOCKS_AT) == diskBlocks
                && entries(unit) > 0
                && entries(unit) <= mostEntries
                && stored(unit) >= 0
                && stored(unit) <= entries(unit);
    }

    static int entries(UnsafeBuffer unit) {
        return unit.getInt(ENTRIES_AT);
    }

    static int stored(UnsafeBuffer unit) {
        return unit.getInt(STORED_AT);
    }

    static int bodyCrc(UnsafeBuffer unit) {
        return unit.getInt(BODY_CRC_AT);
    }

    private static int headerCrc(UnsafeBuffer unit) {
        CRC32C crc = new CRC32C();
        for (int at = 0; at < HEADER_CRC_AT; at++) {
            crc.update(unit.getByte(at));
        }
        return (int) crc.getValue();
    }
}
