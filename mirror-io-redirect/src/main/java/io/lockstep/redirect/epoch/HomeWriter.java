package io.lockstep.redirect.epoch;

import io.lockstep.redirect.block.BlockDevice;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.block.IoBuffer;
import io.lockstep.redirect.block.RequestPool;

/**
 * Brings committed blocks home, in batches: all sets that are committed when a batch begins, of each block the newest version only.
 *
 * <pre>
 *   IDLE -> MARKING -> JOURNALING -> WRITING -> FLUSHING -> IDLE        durable after FLUSHING, with a journal after JOURNALING
 * </pre>
 *
 * <p>Adjacent blocks go in one write, zeroes as WRITE_ZEROES. A block leaves the overlay when its write is complete, so a reader of
 * overlay and home sees all of a batch at every moment. In what order the writes of a batch reach the medium is open: a crash leaves a
 * mixture that the marks (or the journal) cover.
 */
final class HomeWriter {
    private enum Phase {
        IDLE,
        MARKING,
        JOURNALING,
        WRITING,
        FLUSHING
    }

    /** Is told what becomes of the blocks. */
    interface Listener {
        /** The home has a block: it is about to leave the overlay. */
        void left(long block);

        /** The home failed. Nothing is under way any more. */
        void homeFailed(String reason);
    }

    private static final int WRITES = 8;
    private static final int RUN_BLOCKS = BufferPool.MEDIUM / Overlay.BLOCK;
    private static final int ZERO_RUN_BLOCKS = 8 * RUN_BLOCKS;

    private final Overlay overlay;
    private final BlockDevice home;
    private final CopyMarks marks;
    private final EpochJournal journal;
    private final Listener listener;
    private final int runBlocks;
    private final BatchOrder order;
    private final RequestPool requests = new RequestPool(WRITES);
    private final BufferPool buffers = new BufferPool(1, WRITES, 1);
    private final int[] runFrom = new int[WRITES];
    private final int[] runEnd = new int[WRITES];
    private final IoBuffer[] runBuffer = new IoBuffer[WRITES];
    private final int[] redoFrom = new int[WRITES];
    private final int[] redoEnd = new int[WRITES];
    private final int[] batch;
    private Phase phase = Phase.IDLE;
    private int count;
    private int next;
    private int redoCount;
    private int inFlight;
    private long ticket;
    private boolean journaled;
    private boolean flushOwed;
    private boolean zeroesAsData;
    private boolean stopped;
    private boolean abandoned;
    private String failure = "";
    private long targetSet;
    private long durableSet;

    /** {@code journal} may be null. */
    HomeWriter(Overlay overlay, BlockDevice home, CopyMarks marks, EpochJournal journal, Listener listener) {
        this.overlay = overlay;
        this.home = home;
        this.marks = marks;
        this.journal = journal;
        this.listener = listener;
        this.runBlocks = Math.min(RUN_BLOCKS, home.geometry().maxTransfer() / Overlay.BLOCK);
        this.batch = new int[overlay.capacity()];
        this.order = new BatchOrder(overlay);
    }

    /** Every write of this set and of those before would survive a power cut. */
    long durableSet() {
        return durableSet;
    }

    /** True if nothing is under way. */
    boolean isIdle() {
        return phase == Phase.IDLE;
    }

    /** Something went home past this writer: it is durable only after the next flush. */
    void oweFlush() {
        flushOwed = true;
    }

    /** Goes on. {@code useJournal}: what is begun now must be all or nothing even across a power cut. */
    int doWork(boolean useJournal) {
        int work = 0;
        while (step(useJournal)) {
            work++;
        }
        return work;
    }

    private boolean step(boolean useJournal) {
        if (abandoned) {
            return false;
        }
        return switch (phase) {
            case IDLE -> begin(useJournal);
            case MARKING -> journalWhenMarked();
            case JOURNALING -> writeWhenJournaled();
            case WRITING -> write();
            case FLUSHING -> false;
        };
    }

    private boolean begin(boolean useJournal) {
        if (stopped || (overlay.committedSet() == durableSet && !overlay.hasReady())) {
            return false;
        }
        if (!overlay.hasReady() && !flushOwed) {
            durableSet = overlay.committedSet();
            return false;
        }
        take();
        journaled = useJournal && journal != null && count > 0;
        phase = Phase.MARKING;
        return true;
    }

    private void take() {
        gather();
        next = 0;
        redoCount = 0;
        order.sort(batch, count);
        ticket = 0;
        for (int i = 0; i < count; i++) {
            overlay.noticeZero(batch[i]);
        }
        for (int i = 0; i < count; ) {
            int end = i + 1;
            while (end < count && overlay.blockOf(batch[end]) == overlay.blockOf(batch[end - 1]) + 1) {
                end++;
            }
            ticket = Math.max(
                    ticket, marks.mark(overlay.blockOf(batch[i]), overlay.blockOf(batch[end - 1]) + 1, targetSet));
            i = end;
        }
    }

    private boolean journalWhenMarked() {
        if (!marks.isDurable(ticket)) {
            return false;
        }
        if (journaled) {
            journal.store(batch, count, targetSet);
        } else if (journal != null) {
            journal.erase();
        }
        phase = Phase.JOURNALING;
        return true;
    }

    private boolean writeWhenJournaled() {
        if (journal != null && !journal.isSettled()) {
            return false;
        }
        if (journal != null && !journal.problem().isEmpty()) {
            failure = journal.problem();
            phase = Phase.WRITING;
            return true;
        }
        if (journaled && !flushOwed) {
            durableSet = targetSet;
        }
        phase = Phase.WRITING;
        return true;
    }

    private boolean write() {
        if (!failure.isEmpty()) {
            return inFlight == 0 && giveUp();
        }
        boolean issued = false;
        while ((next < count || redoCount > 0) && requests.available() > 0 && failure.isEmpty()) {
            issue(requests.acquire());
            issued = true;
        }
        if (next == count && redoCount == 0 && inFlight == 0 && failure.isEmpty()) {
            phase = Phase.FLUSHING;
            inFlight++;
            BlockRequest flush = requests.acquire();
            flush.flush();
            flush.submitTo(home, this::onFlushed);
            return true;
        }
        return issued;
    }

    private void issue(BlockRequest request) {
        boolean redo = redoCount > 0;
        int from = redo ? redoFrom[redoCount - 1] : next;
        boolean zero = overlay.isZero(batch[from]);
        int end = endOfRun(from, redo ? redoEnd[redoCount - 1] : count, zero);
        if (!redo) {
            next = end;
        } else if (end == redoEnd[redoCount - 1]) {
            redoCount--;
        } else {
            redoFrom[redoCount - 1] = end;
        }
        int id = (int) request.id();
        runFrom[id] = from;
        runEnd[id] = end;
        inFlight++;
        if (zero && !zeroesAsData) {
            long at = overlay.blockOf(batch[from]) * Overlay.BLOCK;
            request.writeZeroes(at, (long) (end - from) * Overlay.BLOCK, false, false, false);
        } else {
            fill(request, id);
        }
        request.submitTo(home, this::onWritten);
    }

    private int endOfRun(int from, int last, boolean zero) {
        int limit = Math.min(last, from + (zero && !zeroesAsData ? ZERO_RUN_BLOCKS : runBlocks));
        int end = from + 1;
        while (end < limit
                && overlay.isZero(batch[end]) == zero
                && overlay.blockOf(batch[end]) == overlay.blockOf(batch[end - 1]) + 1) {
            end++;
        }
        return end;
    }

    private void fill(BlockRequest request, int id) {
        int from = runFrom[id];
        int length = (runEnd[id] - from) * Overlay.BLOCK;
        IoBuffer buffer = buffers.acquire(BufferPool.MEDIUM);
        runBuffer[id] = buffer;
        for (int i = from; i < runEnd[id]; i++) {
            int at = (i - from) * Overlay.BLOCK;
            if (overlay.isZero(batch[i])) {
                buffer.view().setMemory(at, Overlay.BLOCK, (byte) 0);
            } else {
                buffer.view().putBytes(at, overlay.slab(), overlay.position(batch[i]), Overlay.BLOCK);
            }
        }
        request.write(overlay.blockOf(batch[from]) * Overlay.BLOCK, length, buffer, 0, false);
    }

    private void onWritten(BlockRequest request) {
        int id = (int) request.id();
        inFlight--;
        if (runBuffer[id] != null) {
            runBuffer[id].release();
            runBuffer[id] = null;
        } else if (request.fault() == BlockFault.NOT_SUPPORTED && !abandoned) {
            zeroesAsData = true;
            redoFrom[redoCount] = runFrom[id];
            redoEnd[redoCount++] = runEnd[id];
            requests.release(request);
            return;
        }
        if (abandoned) {
            requests.release(request);
            return;
        }
        if (request.fault() == BlockFault.NONE) {
            for (int i = runFrom[id]; i < runEnd[id]; i++) {
                listener.left(overlay.blockOf(batch[i]));
                overlay.release(batch[i]);
                batch[i] = Overlay.NONE;
            }
        } else {
            failure = "home: " + request + " failed: " + request.fault();
        }
        requests.release(request);
    }

    private void onFlushed(BlockRequest request) {
        inFlight--;
        requests.release(request);
        if (request.fault() == BlockFault.NONE) {
            durableSet = targetSet;
            flushOwed = false;
            phase = Phase.IDLE;
        } else {
            failure = "home: FLUSH failed: " + request.fault();
            phase = Phase.WRITING;
        }
    }

    private boolean giveUp() {
        stopped = true;
        phase = Phase.IDLE;
        listener.homeFailed(failure);
        return false;
    }

    /** Forgets what is committed: the home was left behind, and the partner has it. */
    void drop() {
        abandoned = true;
        dropBatch();
        gather();
        dropBatch();
    }

    private void dropBatch() {
        for (int i = 0; i < count; i++) {
            if (batch[i] != Overlay.NONE) {
                listener.left(overlay.blockOf(batch[i]));
                overlay.release(batch[i]);
            }
        }
        count = 0;
    }

    /** Ends it: nothing more is begun, what is under way is completed. */
    void stop() {
        stopped = true;
    }

    private void gather() {
        count = 0;
        targetSet = overlay.committedSet();
        while (overlay.hasReady()) {
            int version = overlay.takeReady();
            if (overlay.newest(overlay.blockOf(version), targetSet) == version) {
                batch[count++] = version;
            }
        }
    }
}
