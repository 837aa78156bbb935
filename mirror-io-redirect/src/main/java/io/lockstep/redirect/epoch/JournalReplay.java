package io.lockstep.redirect.epoch;

import io.lockstep.redirect.block.BlockCompletion;
import io.lockstep.redirect.block.BlockDevice;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BlockVerb;
import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.block.IoBuffer;
import java.util.zip.CRC32C;

/**
 * At the start: writes the batch that a journal holds to the home, if it is whole. Doing that again is harmless, so a crash here is, too.
 *
 * <pre>
 *   HEADER -> VERIFYING (all of the body) -> APPLYING -> FLUSHING -> DONE
 *       \_________\____ none, or torn: it never was durable ________/
 * </pre>
 */
final class JournalReplay {
    private enum Phase {
        HEADER,
        VERIFYING,
        APPLYING,
        FLUSHING,
        DONE
    }

    private static final int CHUNK_UNITS = BufferPool.MEDIUM / JournalLayout.UNIT;

    private final BlockDevice journal;
    private final BlockDevice home;
    private final long diskBlocks;
    private final int mostEntries;
    private final int chunkUnits;
    private final BlockRequest request = new BlockRequest(0);
    private final IoBuffer buffer = new BufferPool(1, 1, 1).acquire(BufferPool.MEDIUM);
    private final CRC32C crc = new CRC32C();
    private final BlockCompletion whenDone = this::onDone;
    private Phase phase = Phase.HEADER;
    private long[] index = new long[0];
    private int entries;
    private int indexUnits;
    private int bodyUnits;
    private int bodyCrc;
    private int unit;
    private int chunk;
    private int entry;
    private int unitsUsed;
    private int applied;
    private int run;
    private IoBuffer zeroes;
    private boolean arrived;
    private String problem = "";

    JournalReplay(BlockDevice journal, BlockDevice home, long diskBlocks, int mostEntries) {
        this.journal = journal;
        this.home = home;
        this.diskBlocks = diskBlocks;
        this.mostEntries = mostEntries;
        this.chunkUnits = Math.min(
                CHUNK_UNITS,
                Math.min(journal.geometry().maxTransfer(), home.geometry().maxTransfer()) / JournalLayout.UNIT);
    }

    void start() {
        request.read(0, JournalLayout.UNIT, buffer, 0);
        request.submitTo(journal, whenDone);
    }

    boolean isDone() {
        return phase == Phase.DONE;
    }

    /** Why the disk cannot be used; empty if it can. */
    String problem() {
        return problem;
    }

    /** Blocks that were written again. */
    int applied() {
        return applied;
    }

    private void onDone(BlockRequest done) {
        arrived = true;
    }

    /** Goes on. Not in the completion: a device that completes at once would make the stack as deep as the batch is long. */
    int doWork() {
        int work = 0;
        while (arrived) {
            arrived = false;
            take(request);
            work++;
        }
        return work;
    }

    private void take(BlockRequest done) {
        if (done.fault() == BlockFault.NOT_SUPPORTED && done.verb() == BlockVerb.WRITE_ZEROES) {
            zeroes = new BufferPool(1, 1, 1).acquire(BufferPool.MEDIUM);
            zeroes.view().setMemory(0, BufferPool.MEDIUM, (byte) 0);
            entry -= run;
            applied -= run;
            apply(done);
            return;
        }
        if (done.fault() != BlockFault.NONE) {
            problem = "replay of the journal: " + done + " failed: " + done.fault();
            phase = Phase.DONE;
            return;
        }
        switch (phase) {
            case HEADER -> onHeader();
            case VERIFYING -> onBody();
            case APPLYING -> apply(done);
            case FLUSHING -> phase = Phase.DONE;
            case DONE -> throw new IllegalStateException("replay is done");
        }
    }

    private void onHeader() {
        if (!JournalLayout.isHeader(buffer.view(), diskBlocks, mostEntries)) {
            phase = Phase.DONE;
            return;
        }
        entries = JournalLayout.entries(buffer.view());
        indexUnits = JournalLayout.indexUnits(entries);
        bodyUnits = indexUnits + JournalLayout.stored(buffer.view());
        bodyCrc = JournalLayout.bodyCrc(buffer.view());
        index = new long[entries];
        phase = Phase.VERIFYING;
        readChunk(bodyUnits);
    }

    private void readChunk(int end) {
        chunk = Math.min(chunkUnits, end - unit);
        request.read((1L + unit) * JournalLayout.UNIT, chunk * JournalLayout.UNIT, buffer, 0);
        request.submitTo(journal, whenDone);
    }

    private void onBody() {
        crc.update(buffer.bytes().limit(chunk * JournalLayout.UNIT).position(0));
        buffer.bytes().clear();
        for (int i = 0; i < chunk && unit + i < indexUnits; i++) {
            int from = (unit + i) * JournalLayout.ENTRIES_PER_UNIT;
            for (int e = from; e < Math.min(entries, from + JournalLayout.ENTRIES_PER_UNIT); e++) {
                index[e] = buffer.view().getLong(i * JournalLayout.UNIT + (e - from) * Long.BYTES);
            }
        }
        unit += chunk;
        if (unit < bodyUnits) {
            readChunk(bodyUnits);
        } else if ((int) crc.getValue() != bodyCrc || !isPlausible()) {
            phase = Phase.DONE;
        } else {
            phase = Phase.APPLYING;
            unit = indexUnits;
            chunk = 0;
            unitsUsed = 0;
            apply(request);
        }
    }

    private boolean isPlausible() {
        int data = 0;
        for (long value : index) {
            long block = value & ~JournalLayout.ZERO;
            if (block >= diskBlocks) {
                return false;
            }
            data += value >= 0 ? 1 : 0;
        }
        return data == bodyUnits - indexUnits;
    }

    /** What was asked for is there: a chunk was read, or a run was written. */
    private void apply(BlockRequest done) {
        if (entry == entries) {
            phase = Phase.FLUSHING;
            done.flush();
            done.submitTo(home, whenDone);
            return;
        }
        boolean zero = index[entry] < 0;
        if (!zero && unitsUsed == chunk) {
            unit += chunk;
            unitsUsed = 0;
            chunk = 0;
            readChunk(bodyUnits);
            return;
        }
        int end = entry + 1;
        int most = Math.min(entries, entry + (zero ? chunkUnits : chunk - unitsUsed));
        while (end < most && index[end] == index[end - 1] + 1) {
            end++;
        }
        run = end - entry;
        long at = (index[entry] & ~JournalLayout.ZERO) * JournalLayout.UNIT;
        if (zero && zeroes != null) {
            done.write(at, run * JournalLayout.UNIT, zeroes, 0, false);
        } else if (zero) {
            done.writeZeroes(at, (long) run * JournalLayout.UNIT, false, false, false);
        } else {
            done.write(at, run * JournalLayout.UNIT, buffer, unitsUsed * JournalLayout.UNIT, false);
            unitsUsed += run;
        }
        entry = end;
        applied += run;
        done.submitTo(home, whenDone);
    }
}
