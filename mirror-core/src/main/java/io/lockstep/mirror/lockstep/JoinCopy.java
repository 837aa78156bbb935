package io.lockstep.mirror.lockstep;

import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.memory.PageSet;
import io.lockstep.mirror.spi.LockstepMachine;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Writes a checkpoint into the log: pages in rounds while the guest runs, then, while it stands still, the pages written meanwhile and
 * the state. A page written after it was sent is in the next harvest, so it is sent again (invariant I5). Threading: one thread.
 */
final class JoinCopy {
    /** Written pages with which the guest may be paused. */
    private static final int FEW = 256;

    private static final int MOST_ROUNDS = 8;
    /** Pages in one call while the guest runs, so that it does. */
    private static final int BATCH = 256;

    private final LockstepMachine machine;
    private final LogWriter log;
    private final PageSet owed;
    private final UnsafeBuffer state;
    private boolean begun;
    private int rounds;
    private int stateLength;
    private int stateSent;

    JoinCopy(LockstepMachine machine, LogWriter log) {
        this.machine = machine;
        this.log = log;
        this.owed = new PageSet(machine.memory().pageCount());
        this.state = new UnsafeBuffer(new byte[machine.maxStateBytes()]);
    }

    /** Begins a copy. */
    void start() {
        begun = false;
        rounds = 0;
        machine.harvestWritten(owed);
        owed.addAll();
    }

    /** Sends pages while the guest runs; true when so few are left that it may be paused. */
    boolean copyRunning(int maxLagBytes) {
        if (!begun) {
            begun = begin(maxLagBytes);
        }
        if (!begun || !sendPages(BATCH)) {
            return false;
        }
        rounds++;
        machine.harvestWritten(owed);
        return owed.size() <= FEW || rounds >= MOST_ROUNDS;
    }

    private boolean begin(int maxLagBytes) {
        int at = log.reserve(24);
        if (at < 0) {
            return false;
        }
        log.frame().putLong(at, machine.memory().pageCount(), LogDescriptor.ORDER);
        log.frame().putLong(at + 8, machine.maxStateBytes(), LogDescriptor.ORDER);
        log.frame().putLong(at + 16, maxLagBytes, LogDescriptor.ORDER);
        log.commit(LogDescriptor.CHECKPOINT, 0, 0, 24);
        return true;
    }

    /** The guest stands still from now on. */
    void pause() {
        machine.harvestWritten(owed);
        stateLength = machine.saveState(state, 0);
        stateSent = 0;
    }

    /** Sends the rest; true when all of it is in the log. */
    boolean copyPaused(int maxBulkLength) {
        if (!sendPages(Integer.MAX_VALUE)) {
            return false;
        }
        int most = maxBulkLength - LogDescriptor.HEADER_LENGTH - LogDescriptor.space(16);
        while (stateSent < stateLength) {
            int piece = Math.min(most, stateLength - stateSent);
            int at = log.reserve(8 + piece);
            if (at < 0) {
                return false;
            }
            log.frame().putLong(at, stateSent, LogDescriptor.ORDER);
            log.frame().putBytes(at + 8, state, stateSent, piece);
            log.commit(LogDescriptor.STATE, 0, 0, 8 + piece);
            stateSent += piece;
        }
        int at = log.reserve(16);
        if (at < 0) {
            return false;
        }
        log.frame().putLong(at, machine.stateDigest(), LogDescriptor.ORDER);
        log.frame().putLong(at + 8, machine.memoryDigest(), LogDescriptor.ORDER);
        log.commit(LogDescriptor.CHECKPOINT_END, 0, machine.instructionCount(), 16);
        return true;
    }

    private boolean sendPages(int most) {
        int sent = 0;
        for (long page = owed.next(0); page >= 0; page = owed.next(page + 1)) {
            if (sent++ == most || !sendPage(page)) {
                return false;
            }
            owed.remove(page);
        }
        return true;
    }

    private boolean sendPage(long page) {
        int at = log.reserve(8 + PageRegion.PAGE_SIZE);
        if (at < 0) {
            return false;
        }
        MutableDirectBuffer to = log.frame();
        to.putLong(at, page, LogDescriptor.ORDER);
        boolean zero = isZero(machine.memory().chunk(page), machine.memory().offset(page));
        if (!zero) {
            machine.memory().read(page, to, at + 8);
        }
        log.commit(LogDescriptor.PAGE, 0, 0, zero ? 8 : 8 + PageRegion.PAGE_SIZE);
        return true;
    }

    private static boolean isZero(UnsafeBuffer buffer, int offset) {
        for (int i = 0; i < PageRegion.PAGE_SIZE; i += Long.BYTES) {
            if (buffer.getLong(offset + i) != 0) {
                return false;
            }
        }
        return true;
    }
}
