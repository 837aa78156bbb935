package io.lockstep.redirect.path.nbd;

import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.nbd.NbdWire;

/**
 * What a server agreed to.
 *
 * @param geometry what the disk looks like
 * @param flags transmission flags
 * @param structured true if replies are structured
 * @param context id of base:allocation; -1 if the server does not have it
 */
record NbdExport(BlockGeometry geometry, int flags, boolean structured, int context) {
    /** What a client should keep to if the server names no limits (NBD specification, "Block size constraints"). */
    private static final int CAREFUL_MIN_BLOCK = 512;

    private static final int USUAL_PREFERRED_BLOCK = 4096;
    private static final int LEAST_PREFERRED_BLOCK = 512;

    /** True if all of the {@code TRANSMIT_*} flags are set. */
    boolean has(int flag) {
        return (flags & flag) == flag;
    }

    /**
     * Makes sense of what the server said.
     *
     * @param min smallest block, 0 if it said nothing about blocks
     */
    static BlockGeometry geometry(long size, int flags, int min, int preferred, int max) throws NbdBreach {
        if ((flags & NbdWire.TRANSMIT_HAS_FLAGS) == 0) {
            throw new NbdBreach("the server's export flags 0x" + Integer.toHexString(flags) + " are not valid");
        }
        if (size <= 0) {
            throw new NbdBreach("the export has " + Long.toUnsignedString(size) + " bytes");
        }
        int block = min != 0 ? min : (int) Math.min(CAREFUL_MIN_BLOCK, Long.lowestOneBit(size));
        // Unsigned on the wire; 0xffffffff means no limit.
        int transfer = min == 0 || max < 0 ? BlockGeometry.MAX_TRANSFER : Math.min(max, BlockGeometry.MAX_TRANSFER);
        int wanted = min == 0 ? USUAL_PREFERRED_BLOCK : preferred;
        if (Integer.bitCount(block) != 1 || block < 1) {
            throw new NbdBreach("the server's minimum block size is " + Integer.toUnsignedString(block));
        }
        transfer &= -block;
        int least = Math.max(block, LEAST_PREFERRED_BLOCK);
        int usable = wanted < least ? least : Integer.highestOneBit(Math.min(wanted, Math.max(transfer, least)));
        boolean readOnly = (flags & NbdWire.TRANSMIT_READ_ONLY) != 0;
        boolean trims = !readOnly && (flags & NbdWire.TRANSMIT_SEND_TRIM) != 0;
        boolean zeroes = !readOnly && (flags & NbdWire.TRANSMIT_SEND_WRITE_ZEROES) != 0;
        try {
            return new BlockGeometry(size, block, usable, transfer, readOnly, trims, zeroes);
        } catch (IllegalArgumentException e) {
            throw new NbdBreach("the server's export cannot be used: " + e.getMessage());
        }
    }
}
