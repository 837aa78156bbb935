package io.lockstep.redirect.path.iscsi;

import io.lockstep.nativeio.IscsiSession.Direction;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockGeometry;
import java.io.IOException;
import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What the unit at the far end is, read off it once (SBC-4: READ CAPACITY, block limits and provisioning pages; SPC-5: MODE SENSE).
 *
 * @param fua WRITE can be told to be durable; otherwise SYNCHRONIZE CACHE follows
 * @param maxBlocks most blocks of one READ or WRITE
 * @param maxUnmapBlocks most blocks of one UNMAP, 0 if the unit cannot
 * @param maxSameBlocks most blocks of one WRITE SAME
 * @param sameUnmaps WRITE SAME can unmap
 * @param unmappedIsZero what was unmapped reads as zeroes
 * @param knowsExtents GET LBA STATUS is worth asking
 */
record LogicalUnit(
        BlockGeometry geometry,
        boolean fua,
        int maxBlocks,
        int maxUnmapBlocks,
        int maxSameBlocks,
        boolean sameUnmaps,
        boolean unmappedIsZero,
        boolean knowsExtents) {
    private static final int PAGE_LENGTH = 64;
    private static final int CAPACITY_LENGTH = 32;
    private static final int MODE_LENGTH = 192;
    private static final int BLOCK_LIMITS = 0xb0;
    private static final int PROVISIONING = 0xb2;
    private static final int MAX_TRANSFER = 1 << 20;
    private static final int MAX_RANGE_BLOCKS = 1 << 20;
    private static final int PREFERRED = 4096;
    private static final int SERVICE_ACTION_IN = ScsiCommands.SERVICE_ACTION_IN_16;
    private static final ByteOrder BIG = ByteOrder.BIG_ENDIAN;

    /** Asks the unit; a page it does not have means that it cannot do what the page tells of. */
    static LogicalUnit read(AdminCommands admin) throws IOException {
        UnsafeBuffer data = admin.data();
        ScsiCommands.blocks(
                admin.cdb(), admin.cdbAt(), SERVICE_ACTION_IN, ScsiCommands.READ_CAPACITY_16, 0, CAPACITY_LENGTH);
        admin.require("READ CAPACITY (16)", Direction.READ, CAPACITY_LENGTH);
        long blocks = data.getLong(0, BIG) + 1;
        int blockSize = data.getInt(8, BIG);
        boolean provisioned = (data.getByte(14) & 0x80) != 0;
        boolean zeroes = (data.getByte(14) & 0x40) != 0;
        if (blocks <= 0 || blockSize < 512 || blockSize > PREFERRED || Integer.bitCount(blockSize) != 1) {
            throw new IOException("the unit has " + blocks + " blocks of " + blockSize
                    + " bytes: must be at least one, of a power of two from 512 to " + PREFERRED);
        }
        long sizeBytes = Math.multiplyExact(blocks, (long) blockSize);
        boolean limits = page(admin, BLOCK_LIMITS);
        int transfer = limits ? bounded(data.getInt(8, BIG), MAX_TRANSFER / blockSize) : MAX_TRANSFER / blockSize;
        int unmap = limits && provisioned ? bounded(data.getInt(20, BIG), MAX_RANGE_BLOCKS) : 0;
        long sameLimit = limits ? data.getLong(36, BIG) : 0;
        int same = sameLimit > 0 && sameLimit < MAX_RANGE_BLOCKS ? (int) sameLimit : MAX_RANGE_BLOCKS;
        boolean pages = provisioned && page(admin, PROVISIONING);
        boolean canUnmap = pages && (data.getByte(5) & 0x80) != 0;
        boolean sameUnmaps = pages && (data.getByte(5) & 0x40) != 0;
        int mode = modeFlags(admin);
        int maxTransfer = Math.max(transfer, PREFERRED / blockSize) * blockSize;
        BlockGeometry geometry = new BlockGeometry(
                sizeBytes,
                blockSize,
                PREFERRED,
                maxTransfer,
                (mode & 0x80) != 0,
                canUnmap && unmap > 0,
                sameUnmaps && zeroes);
        return new LogicalUnit(
                geometry,
                (mode & 0x10) != 0,
                maxTransfer / blockSize,
                canUnmap ? unmap : 0,
                same,
                sameUnmaps,
                zeroes,
                provisioned);
    }

    private static int bounded(int told, int most) {
        return told <= 0 || told > most ? most : told;
    }

    private static boolean page(AdminCommands admin, int page) throws IOException {
        admin.data().setMemory(0, PAGE_LENGTH, (byte) 0);
        ScsiCommands.inquiry(admin.cdb(), admin.cdbAt(), page, PAGE_LENGTH);
        return admin.run("INQUIRY", Direction.READ, PAGE_LENGTH) == BlockFault.NONE;
    }

    /** The device-specific byte of the header: bit 7 write protected, bit 4 FUA and DPO are supported. */
    private static int modeFlags(AdminCommands admin) throws IOException {
        admin.data().setMemory(0, MODE_LENGTH, (byte) 0);
        ScsiCommands.modeSense(admin.cdb(), admin.cdbAt(), MODE_LENGTH);
        return admin.run("MODE SENSE", Direction.READ, MODE_LENGTH) == BlockFault.NONE
                ? admin.data().getByte(2) & 0xff
                : 0;
    }
}
