package io.lockstep.redirect.regions;

import io.lockstep.redirect.regions.RegionLogException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The record beside a copy of a disk: what the copy is ({@link CopyState}), and the regions that the other copy may miss. A mark is
 * durable before the write it stands for is issued, so after any crash everything the copies may differ in is marked. The idea of the
 * marks is that of a write-intent bitmap (md), of the tokens that of DRBD's generation identifiers.
 *
 * <p>Nothing here blocks. {@link #mark} and {@link #update} return a ticket; the log's own thread writes everything that waits with one
 * fdatasync and calls the wake-up; {@link #isDurable} says whether a ticket is through. When the file fails, {@link #problem} says so
 * and the tickets stay open while the log tries again: no mark is lost, and it is for the owner to wait or to give this copy up.
 *
 * <p>Threading: the stack's thread. The wake-up runs on the log's thread. No allocation for a region that is already marked.
 */
public final class RegionLog implements AutoCloseable {
    /** The ticket of what is already durable. */
    public static final long DURABLE = 0;

    private final LogFile file;
    private final RegionLogConfig config;
    private final LogLayout.Identity identity;
    private final RegionBitmap bitmap;
    private final LogBatch batch;
    private final Executor thread;
    private final ExecutorService ownThread;
    private final int damagedBlocks;
    private final boolean created;
    private CopyState state;
    private CopyState durableState;
    private CopyState stateInBatch;
    private long sequence;
    private long nextTicket = 1;
    private long durableTicket;
    private boolean inFlight;
    private boolean urgent;
    private boolean headerDue;
    private boolean lazySince;
    private long lazyAtNs;
    private boolean retrySince;
    private long retryAtNs;
    private IOException problem;
    private boolean closed;

    private RegionLog(LogFile file, RegionLogConfig config, Executor thread, ExecutorService own, Runnable wakeUp)
            throws IOException {
        this.file = file;
        this.config = config;
        this.thread = thread;
        this.ownThread = own;
        this.created = file.size() == 0;
        if (created) {
            createFile();
        }
        // A disk image given by mistake must not be read as a whole.
        ByteBuffer content = LogLayout.buffer((int) Math.min(file.size(), LogLayout.MAX_FILE + 1));
        if (content.capacity() < LogLayout.BITMAP_AT) {
            throw new RegionLogException(Kind.WRONG_SIZE, file + " has " + file.size() + " bytes: too short");
        }
        file.read(content, 0);
        // What a killed process wrote may be in the page cache only: it must not count as durable before it is.
        file.sync();
        content.clear();
        LogLayout.Header header = LogLayout.decodeNewest(content, file.toString());
        this.identity = header.identity();
        checkIdentity(content.capacity());
        this.state = header.state();
        this.durableState = state;
        this.sequence = header.sequence();
        ByteBuffer written = LogLayout.buffer(identity.blocks() * LogLayout.SECTOR);
        this.bitmap = new RegionBitmap(identity.regions(), identity.blocks(), written);
        int damaged = 0;
        for (int block = 0; block < identity.blocks(); block++) {
            damaged += bitmap.load(content, LogLayout.BITMAP_AT + block * LogLayout.SECTOR, block) ? 0 : 1;
        }
        this.damagedBlocks = damaged;
        this.urgent = damaged > 0;
        this.batch = new LogBatch(file, bitmap, written, wakeUp);
    }

    /**
     * Opens the log of a copy, or makes it. Blocks: call it before the stack starts.
     *
     * @param wakeUp called by the log's thread when a ticket may have become durable: must make the stack's thread call {@link #doWork}
     * @throws RegionLogException if the file is not the log of this disk, is damaged, is in use, or there is no room for it
     */
    public static RegionLog open(Path path, RegionLogConfig config, Runnable wakeUp) throws RegionLogException {
        ExecutorService own = Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task, "regions-" + config.disk());
            thread.setDaemon(true);
            return thread;
        });
        LogFile file = null;
        try {
            file = DiskLogFile.open(path);
            return new RegionLog(file, config, own, own, wakeUp);
        } catch (IOException e) {
            own.shutdown();
            throw refused(file, path.toString(), e);
        }
    }

    /** The same over any file; {@code thread} runs what may block, one task after the other. */
    public static RegionLog open(LogFile file, RegionLogConfig config, Executor thread, Runnable wakeUp)
            throws RegionLogException {
        try {
            return new RegionLog(file, config, thread, null, wakeUp);
        } catch (IOException e) {
            throw refused(file, file.toString(), e);
        }
    }

    private static RegionLogException refused(LogFile file, String what, IOException e) {
        try {
            if (file != null) {
                file.close();
            }
        } catch (IOException closing) {
            e.addSuppressed(closing);
        }
        return e instanceof RegionLogException known
                ? known
                : new RegionLogException(
                        RegionLogException.kindOf(e),
                        "the region log " + what + " cannot be used: " + e.getMessage(),
                        e);
    }

    private void createFile() throws IOException {
        LogLayout.Identity fresh = new LogLayout.Identity(
                config.disk(), config.diskBytes(), config.regionBytes(), new SecureRandom().nextLong());
        file.create(LogLayout.newFile(fresh));
    }

    private void checkIdentity(int fileBytes) throws RegionLogException {
        if (!identity.disk().equals(config.disk())) {
            throw new RegionLogException(
                    Kind.OTHER_DISK,
                    "the region log " + file + " is of disk '" + identity.disk() + "', not of '" + config.disk() + "'");
        }
        if (identity.diskBytes() != config.diskBytes()) {
            throw new RegionLogException(
                    Kind.WRONG_SIZE,
                    "the region log " + file + " is of a disk of " + identity.diskBytes() + " bytes, but the disk has "
                            + config.diskBytes());
        }
        if (identity.regionBytes() <= 0
                || (identity.diskBytes() - 1) / identity.regionBytes() >= RegionLogConfig.MAX_REGIONS
                || fileBytes != identity.fileBytes()) {
            throw new RegionLogException(
                    Kind.WRONG_SIZE,
                    "the region log " + file + " has " + fileBytes + " bytes: not what its header says");
        }
    }

    /** What the copy is: the newest {@link #update}, durable or not. */
    public CopyState state() {
        return state;
    }

    /** What the copy is in the file for certain. */
    public CopyState durableState() {
        return durableState;
    }

    /** A random number that tells this log from every other one. */
    public long logId() {
        return identity.logId();
    }

    /** True if there was no log before. */
    public boolean created() {
        return created;
    }

    /** Blocks of the bitmap that were damaged when the log was opened; every region of them counts as marked. */
    public int damagedBlocks() {
        return damagedBlocks;
    }

    /** Bytes of the disk. */
    public long diskBytes() {
        return identity.diskBytes();
    }

    /** Bytes of a region; the last one may be shorter. */
    public int regionBytes() {
        return identity.regionBytes();
    }

    /** Regions there are. */
    public int regions() {
        return identity.regions();
    }

    /** The region a byte is in. */
    public int regionOf(long offset) {
        return (int) (offset / identity.regionBytes());
    }

    /**
     * Marks every region that the range touches. Returns {@link #DURABLE} if all of that is in the file already; otherwise a ticket:
     * the write must wait for it.
     */
    public long mark(long offset, long length) {
        if (length <= 0) {
            return DURABLE;
        }
        int last = regionOf(offset + length - 1);
        boolean safe = true;
        for (int region = regionOf(offset); region <= last; region++) {
            safe &= bitmap.mark(region);
        }
        if (safe) {
            return DURABLE;
        }
        urgent = true;
        return nextTicket;
    }

    /** Marks everything. */
    public long markAll() {
        return mark(0, identity.diskBytes());
    }

    /** Forgets the marks of the regions that lie in the range as a whole. The file follows when it is convenient. */
    public void clear(long offset, long length) {
        long end = offset + length;
        int size = identity.regionBytes();
        int from = (int) ((offset + size - 1) / size);
        int to = end >= identity.diskBytes() ? identity.regions() : (int) (end / size);
        for (int region = from; region < to; region++) {
            bitmap.clear(region);
        }
    }

    /** True if the other copy may miss something of the region. */
    public boolean isMarked(int region) {
        return bitmap.isMarked(region);
    }

    /** The first marked region from {@code region} on, or -1. */
    public int nextMarked(int region) {
        return bitmap.next(region);
    }

    /** Regions that are marked. */
    public int markedCount() {
        return bitmap.count();
    }

    /** Changes what the copy is, as a whole; every mark made before is in the file before it. Returns the ticket. */
    public long update(CopyState next) {
        if (next.generation() < state.generation()) {
            throw new IllegalArgumentException(
                    "generation " + next.generation() + " after " + state.generation() + ": must not go back");
        }
        state = next;
        headerDue = true;
        urgent = true;
        return nextTicket;
    }

    /** True if what the ticket stands for survives a power cut. Changes in {@link #doWork} only. */
    public boolean isDurable(long ticket) {
        return ticket <= durableTicket;
    }

    /** Why the file does not take what is marked, or null while it does. */
    public Kind problem() {
        return problem == null ? null : RegionLogException.kindOf(problem);
    }

    /** {@link #problem} for people; empty while there is none. */
    public String problemText() {
        return problem == null ? "" : "the region log " + file + " cannot be written: " + problem.getMessage();
    }

    /** Takes what has become durable and sends off what waits. Returns 0 if there was nothing to do. */
    public int doWork(long nowNs) {
        int work = 0;
        if (inFlight && batch.isDone()) {
            finish(nowNs);
            work++;
        }
        if (!inFlight && !closed && mayStart(nowNs)) {
            start(lazyIsDue(nowNs));
            work++;
        }
        return work;
    }

    /** The longest the thread may wait before the next {@link #doWork}, in nanoseconds. */
    public long maxIdleNs() {
        if (inFlight) {
            return Long.MAX_VALUE;
        }
        if (urgent) {
            return problem == null ? 0 : config.retryNs();
        }
        return bitmap.hasLazy() ? config.lazyNs() : Long.MAX_VALUE;
    }

    private boolean mayStart(long nowNs) {
        if (problem != null) {
            if (!retrySince) {
                retrySince = true;
                retryAtNs = nowNs + config.retryNs();
            }
            if (nowNs - retryAtNs < 0) {
                return false;
            }
        }
        return urgent || lazyIsDue(nowNs);
    }

    private boolean lazyIsDue(long nowNs) {
        if (!bitmap.hasLazy()) {
            lazySince = false;
            return false;
        }
        if (!lazySince) {
            lazySince = true;
            lazyAtNs = nowNs + config.lazyNs();
        }
        return nowNs - lazyAtNs >= 0;
    }

    private void start(boolean lazyToo) {
        bitmap.snapshot(lazyToo);
        lazySince &= !lazyToo;
        stateInBatch = headerDue ? state : null;
        batch.prepare(headerDue ? new LogLayout.Header(identity, sequence + 1, state) : null);
        headerDue = false;
        urgent = false;
        inFlight = true;
        nextTicket++;
        thread.execute(batch);
    }

    private void finish(long nowNs) {
        inFlight = false;
        problem = batch.failure();
        if (problem == null) {
            durableTicket = nextTicket - 1;
            bitmap.succeeded();
            if (stateInBatch != null) {
                durableState = stateInBatch;
                sequence++;
            }
            return;
        }
        // The header's slot is written again with the same number: the other slot stays the one that is known to be
        // whole.
        bitmap.failed();
        headerDue |= stateInBatch != null;
        urgent = true;
        retrySince = true;
        retryAtNs = nowNs + config.retryNs();
    }

    /** Sends off what is left and gives the file back, both on the log's thread. Idempotent. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (!inFlight && (urgent || bitmap.hasLazy())) {
            start(true);
        }
        thread.execute(this::closeFile);
        if (ownThread != null) {
            ownThread.shutdown();
        }
    }

    private void closeFile() {
        try {
            file.close();
        } catch (IOException e) {
            return; // Everything that was promised is in the file already, and there is nobody left to tell.
        }
    }
}
