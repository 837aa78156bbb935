package io.lockstep.mirror.lockstep;

import io.lockstep.mirror.memory.PageSet;
import io.lockstep.mirror.spi.LockstepMachine;

/** Writes the primary's digests into the log: the pages written since the last one with theirs, then state and memory. One thread. No allocation. */
final class DigestLog {
    private static final int ENTRY = 16;
    private static final int MOST_ENTRIES = 64;

    private final LockstepMachine machine;
    private final LogWriter log;
    private final long interval;
    private final PageSet written;
    private long next;
    private boolean open;

    DigestLog(LockstepMachine machine, LogWriter log, long interval) {
        this.machine = machine;
        this.log = log;
        this.interval = interval;
        this.written = new PageSet(machine.memory().pageCount());
    }

    /** Counts from here; what was written before is in the checkpoint. */
    void start() {
        written.clear();
        open = false;
        next = machine.instructionCount() + interval;
    }

    /** Count of the next digest: the machine does not run past it. */
    long next() {
        return next;
    }

    /** Writes the digest if it is due; false while it is not complete because the log is full. The machine stands still until then. */
    boolean settle() {
        if (machine.instructionCount() < next) {
            return true;
        }
        if (!open) {
            machine.harvestWritten(written);
            open = true;
        }
        while (!written.isEmpty()) {
            if (!writePages()) {
                return false;
            }
        }
        int at = log.reserve(16);
        if (at < 0) {
            return false;
        }
        log.frame().putLong(at, machine.stateDigest(), LogDescriptor.ORDER);
        log.frame().putLong(at + 8, machine.memoryDigest(), LogDescriptor.ORDER);
        log.commit(LogDescriptor.DIGEST, 0, machine.instructionCount(), 16);
        start();
        return true;
    }

    private boolean writePages() {
        int entries = (int) Math.min(MOST_ENTRIES, written.size());
        int at = log.reserve(entries * ENTRY);
        if (at < 0) {
            return false;
        }
        for (int i = 0; i < entries; i++) {
            long page = written.next(0);
            written.remove(page);
            log.frame().putLong(at + i * ENTRY, page, LogDescriptor.ORDER);
            log.frame().putLong(at + i * ENTRY + 8, machine.pageDigest(page), LogDescriptor.ORDER);
        }
        log.commit(LogDescriptor.PAGES, 0, machine.instructionCount(), entries * ENTRY);
        return true;
    }
}
