package io.lockstep.redirect.path.file;

import io.lockstep.nativeio.DiskFile;
import io.lockstep.nativeio.IoVector;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BlockVerb;
import io.lockstep.redirect.path.BlockPath;
import java.util.ArrayDeque;
import org.agrona.BufferUtil;

/**
 * A regular file or a block device of this host. Whatever may wait is called on threads of the path's own, which may hang with the medium;
 * {@link #abandon} leaves them behind. Reads that the page cache can answer are answered within {@link #submit}.
 *
 * <p>A FLUSH, or a write with FUA, that fails breaks the path: the kernel reports lost pages once and then forgets them, so a later FLUSH
 * would promise what is not there.
 *
 * <p>Threading: the stack's thread. {@code wakeUp} is called from other threads, and must be cheap and not block.
 */
public final class FilePath implements BlockPath {
    /** Copying more than this from the page cache keeps the stack's thread from its other requests. */
    private static final int INLINE_READ = 64 << 10;

    private final FilePathConfig config;
    private final Runnable wakeUp;
    private final FileBackEnd.Factory factory;
    private final FileOp[] free;
    private final ArrayDeque<BlockRequest> backlog = new ArrayDeque<>();
    private final IoVector vector = new IoVector();
    private int freeCount;
    private Link link = Link.CLOSED;
    private String trouble = "";
    private FileBackEnd backEnd;
    private FileBackEnd previous;
    private OpenedFile opened;
    private boolean cacheTells;
    private boolean pumping;
    private int outstanding;

    /** A closed path. {@code wakeUp} makes the stack's thread call {@link #doWork} soon. */
    public FilePath(FilePathConfig config, Runnable wakeUp) {
        this(config, wakeUp, (c, w) -> new WorkerPool(c, FileProbe::open, w));
    }

    FilePath(FilePathConfig config, Runnable wakeUp, FileBackEnd.Factory factory) {
        this.config = config;
        this.wakeUp = wakeUp;
        this.factory = factory;
        this.free = new FileOp[config.maxIssued()];
        while (freeCount < free.length) {
            free[freeCount++] = new FileOp();
        }
    }

    @Override
    public String name() {
        return config.name();
    }

    @Override
    public Link link() {
        return link;
    }

    @Override
    public String trouble() {
        return trouble;
    }

    /** For people: how the file is accessed. Empty until it was open. */
    public String describe() {
        return opened == null ? "" : config.file() + ": " + opened.description();
    }

    @Override
    public BlockGeometry geometry() {
        if (opened == null) {
            throw new IllegalStateException("path " + config.name() + " was never open");
        }
        return opened.geometry();
    }

    @Override
    public void open(long generation) {
        if (link == Link.OPEN || link == Link.OPENING || outstanding > 0) {
            throw new IllegalStateException(
                    "path " + config.name() + " is opened while " + link + " with " + outstanding + " outstanding");
        }
        link = Link.OPENING;
        trouble = "";
        continueOpening();
    }

    /** A file is not opened again before the threads of its last opening have ended: a medium that hangs holds one set of them, not many. */
    private boolean continueOpening() {
        if (previous != null && !previous.ended()) {
            return false;
        }
        previous = null;
        if (backEnd == null) {
            backEnd = factory.start(config, wakeUp);
            return true;
        }
        OpenedFile now = backEnd.opened();
        if (now != null) {
            opened = now;
            cacheTells = !now.direct();
            link = Link.OPEN;
            return true;
        }
        if (!backEnd.problem().isEmpty()) {
            abandon(backEnd.problem());
            return true;
        }
        return false;
    }

    @Override
    public void submit(BlockRequest request) {
        BlockFault refusal = refusal(request);
        if (refusal != BlockFault.NONE) {
            request.complete(refusal);
            return;
        }
        if (request.length() == 0 && request.verb() != BlockVerb.FLUSH) {
            request.complete(BlockFault.NONE);
            return;
        }
        if (cacheTells && request.verb() == BlockVerb.READ && request.length() <= INLINE_READ && readInline(request)) {
            return;
        }
        outstanding++;
        if (freeCount == 0 || !backlog.isEmpty()) {
            backlog.add(request);
        } else {
            issue(request);
        }
    }

    private BlockFault refusal(BlockRequest request) {
        if (link != Link.OPEN) {
            return BlockFault.NOT_ISSUED;
        }
        BlockGeometry geometry = opened.geometry();
        if (request.verb() == BlockVerb.FLUSH) {
            return BlockFault.NONE;
        }
        if (!geometry.contains(request.offset(), request.length())
                || !geometry.isAligned(request.offset(), request.length())) {
            return BlockFault.INVALID;
        }
        if (request.data() != null
                && (request.length() > geometry.maxTransfer()
                        || request.length() > request.data().capacity() - request.dataOffset())) {
            return BlockFault.INVALID;
        }
        return geometry.readOnly() && request.verb().changesContent() ? BlockFault.PERMISSION : BlockFault.NONE;
    }

    private boolean readInline(BlockRequest request) {
        long address = BufferUtil.address(request.data().bytes()) + request.dataOffset();
        long result = opened.file().readCached(vector, address, request.length(), request.offset());
        if (result == request.length()) {
            request.complete(BlockFault.NONE);
            return true;
        }
        if (result < 0 && result != -DiskFile.EAGAIN) {
            cacheTells = false; // this file system cannot tell; other failures come again on a worker
        }
        return false;
    }

    private void issue(BlockRequest request) {
        FileOp op = free[--freeCount];
        op.begin(request);
        backEnd.submit(op);
    }

    @Override
    public int doWork(long nowNs) {
        int work = link == Link.OPENING && continueOpening() ? 1 : 0;
        FileBackEnd current = backEnd != null ? backEnd : previous;
        if (current == null || pumping) {
            return work;
        }
        pumping = true; // a completion may call back into here
        FileOp op = current.poll();
        while (op != null) {
            finish(op);
            work++;
            while (freeCount > 0 && !backlog.isEmpty()) {
                issue(backlog.poll());
            }
            op = current.poll();
        }
        pumping = false;
        return work;
    }

    private void finish(FileOp op) {
        // What ends after an abandon may or may not have been done before it: the word of this path does not count any
        // more.
        BlockFault fault = link == Link.OPEN ? op.fault : BlockFault.IO;
        String lost = op.lost;
        long runLength = op.runLength;
        boolean hole = op.runIsHole;
        BlockRequest request = op.end();
        free[freeCount++] = op;
        outstanding--;
        if (lost != null && link == Link.OPEN) {
            abandon(lost);
        }
        if (fault == BlockFault.NONE && request.verb() == BlockVerb.STATUS) {
            request.completeStatus(runLength, hole, hole);
        } else {
            request.complete(fault);
        }
    }

    @Override
    public void abandon(String reason) {
        if (link == Link.CLOSED || link == Link.BROKEN) {
            return;
        }
        link = Link.BROKEN;
        trouble = reason;
        leave();
    }

    private void leave() {
        if (backEnd != null) {
            FileBackEnd left = backEnd;
            previous = left;
            backEnd = null;
            left.stop();
            for (FileOp op = left.recall(); op != null; op = left.recall()) {
                BlockRequest request = op.end();
                free[freeCount++] = op;
                outstanding--;
                request.complete(BlockFault.NOT_ISSUED);
            }
        }
        for (BlockRequest request = backlog.poll(); request != null; request = backlog.poll()) {
            outstanding--;
            request.complete(BlockFault.NOT_ISSUED);
        }
    }

    @Override
    public int outstanding() {
        return outstanding;
    }

    /** The system call of a request has returned when the request is completed. */
    @Override
    public boolean completionIsFinal() {
        return true;
    }

    @Override
    public Fencing fencing() {
        return Fencing.NONE;
    }

    @Override
    public void fence(long generation, FenceOutcome outcome) {
        outcome.onFenced(
                "path " + config.name() + " is a file: it knows no owners, so nothing can be shut out through it");
    }

    /** Leaves the path for good. What is stuck in the kernel still ends through {@link #doWork}, if that is called. */
    @Override
    public void close() {
        if (link != Link.CLOSED) {
            link = Link.CLOSED;
            trouble = "";
            leave();
        }
    }
}
