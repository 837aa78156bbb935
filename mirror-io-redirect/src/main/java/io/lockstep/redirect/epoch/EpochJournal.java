package io.lockstep.redirect.epoch;

import io.lockstep.redirect.block.BlockDevice;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.block.IoBuffer;
import java.util.zip.CRC32C;

/**
 * Holds the one batch that is on its way home, so that after a power cut either all of it can be written again or it never was durable.
 * A batch is stored when the one before is durable at home, so one place is enough: overwriting the old batch loses nothing, and a torn
 * new one does not pass its checksum. The idea of a double-write buffer.
 *
 * <pre>
 *   SETTLED -store-> STORING (body, then header) -> FLUSHING -> SETTLED
 *   SETTLED -erase-> STORING (an empty header)   -> FLUSHING -> SETTLED
 * </pre>
 */
final class EpochJournal {
    private enum Phase {
        SETTLED,
        STORING,
        FLUSHING
    }

    private static final int CHUNK_UNITS = BufferPool.MEDIUM / JournalLayout.UNIT;

    private final BlockDevice device;
    private final Overlay overlay;
    private final long diskBlocks;
    private final int chunkUnits;
    private final BlockRequest request = new BlockRequest(0);
    private final IoBuffer buffer = new BufferPool(1, 1, 1).acquire(BufferPool.MEDIUM);
    private final CRC32C crc = new CRC32C();
    private Phase phase = Phase.SETTLED;
    private boolean empty;
    private int[] batch;
    private int count;
    private long set;
    private int indexUnits;
    private int unit;
    private int nextEntry;
    private int stored;
    private boolean headerSent;
    private String problem = "";

    /**
     * @throws IllegalArgumentException if the device is too small for what the overlay can hold, or has too large blocks
     */
    EpochJournal(BlockDevice device, Overlay overlay, long diskBlocks) {
        long needed = JournalLayout.bytesFor(overlay.capacity());
        if (device.geometry().sizeBytes() < needed) {
            throw new IllegalArgumentException(
                    "the journal has " + device.geometry().sizeBytes() + " bytes: must have " + needed
                            + " for an overlay of " + overlay.capacity() + " blocks");
        }
        if (device.geometry().minBlock() > JournalLayout.UNIT) {
            throw new IllegalArgumentException(
                    "the journal's blocks are " + device.geometry().minBlock() + " bytes: must be at most 4096");
        }
        this.device = device;
        this.overlay = overlay;
        this.diskBlocks = diskBlocks;
        this.chunkUnits = Math.min(CHUNK_UNITS, device.geometry().maxTransfer() / JournalLayout.UNIT);
    }

    /** True if what was asked for last is durable, or cannot be done: see {@link #problem}. */
    boolean isSettled() {
        return phase == Phase.SETTLED;
    }

    /** Empties it when nothing is under way; true if it is empty for good, so that nothing of it can undo a later write. */
    boolean settle() {
        if (isSettled()) {
            erase();
        }
        return isSettled();
    }

    /** Why the journal cannot be used any more; empty while it can. */
    String problem() {
        return problem;
    }

    /** Stores a batch. The versions must stay as they are until it has settled. */
    void store(int[] versions, int howMany, long ofSet) {
        begin(versions, howMany, ofSet);
        empty = false;
        indexUnits = JournalLayout.indexUnits(count);
        storeChunk();
    }

    /** Makes sure that nothing is applied again: others are about to write to the home. */
    void erase() {
        if (!empty) {
            begin(null, 0, 0);
            empty = true;
            indexUnits = 0;
            storeChunk();
        }
    }

    private void begin(int[] versions, int howMany, long ofSet) {
        if (phase != Phase.SETTLED) {
            throw new IllegalStateException("the journal is asked for two things at once");
        }
        phase = Phase.STORING;
        batch = versions;
        count = howMany;
        set = ofSet;
        unit = 0;
        nextEntry = 0;
        stored = 0;
        headerSent = false;
        crc.reset();
    }

    private void storeChunk() {
        int units = 0;
        while (units < chunkUnits && fillUnit(units * JournalLayout.UNIT)) {
            units++;
        }
        if (units == 0) {
            JournalLayout.encode(buffer.view(), count, stored, diskBlocks, set, (int) crc.getValue());
            headerSent = true;
            request.write(0, JournalLayout.UNIT, buffer, 0, false);
        } else {
            int bytes = units * JournalLayout.UNIT;
            crc.update(buffer.bytes().limit(bytes).position(0));
            buffer.bytes().clear();
            request.write((1L + unit) * JournalLayout.UNIT, bytes, buffer, 0, false);
            unit += units;
        }
        request.submitTo(device, this::onDone);
    }

    /** The next unit of the body; false if there is none. */
    private boolean fillUnit(int at) {
        int filled = unit + at / JournalLayout.UNIT;
        if (filled < indexUnits) {
            fillIndex(at, filled * JournalLayout.ENTRIES_PER_UNIT);
            return true;
        }
        while (nextEntry < count && overlay.isZero(batch[nextEntry])) {
            nextEntry++;
        }
        if (nextEntry == count) {
            return false;
        }
        buffer.view().putBytes(at, overlay.slab(), overlay.position(batch[nextEntry++]), JournalLayout.UNIT);
        stored++;
        return true;
    }

    private void fillIndex(int at, int from) {
        buffer.view().setMemory(at, JournalLayout.UNIT, (byte) 0);
        int end = Math.min(count, from + JournalLayout.ENTRIES_PER_UNIT);
        for (int i = from; i < end; i++) {
            long entry = overlay.blockOf(batch[i]) | (overlay.isZero(batch[i]) ? JournalLayout.ZERO : 0);
            buffer.view().putLong(at + (i - from) * Long.BYTES, entry);
        }
    }

    private void onDone(BlockRequest done) {
        if (done.fault() != BlockFault.NONE) {
            problem = done.fault() == BlockFault.NO_SPACE
                    ? "journal: no space left for " + done
                    : "journal: " + done + " failed: " + done.fault();
            phase = Phase.SETTLED;
        } else if (phase == Phase.FLUSHING) {
            phase = Phase.SETTLED;
        } else if (headerSent) {
            phase = Phase.FLUSHING;
            request.flush();
            request.submitTo(device, this::onDone);
        } else {
            storeChunk();
        }
    }
}
