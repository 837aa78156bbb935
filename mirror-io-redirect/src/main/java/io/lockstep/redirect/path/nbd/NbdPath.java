package io.lockstep.redirect.path.nbd;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BlockVerb;
import io.lockstep.redirect.nbd.NbdWire;
import io.lockstep.redirect.path.BlockPath;
import java.io.IOException;
import java.nio.channels.Selector;
import java.util.ArrayDeque;

/**
 * An export of an NBD server. Several requests are in flight on one connection; what the server cannot do is done by other means where
 * that keeps the promise. A connection that is lost, or a server that breaks the protocol, breaks the path at once: what was sent ends with
 * IO, what was not sent in full with NOT_ISSUED; nothing stays outstanding.
 *
 * <p>With a partner, an open connection is the fence: the partner acknowledges it only when nothing of an older generation can take effect
 * any more, and hangs up when a newer one comes.
 *
 * <p>Threading: the stack's thread. Protocol: NetworkBlockDevice, {@code doc/proto.md}.
 */
public final class NbdPath implements BlockPath {
    private final NbdPathConfig config;
    private final NbdSocket socket;
    private final NbdOp[] operations;
    private final int[] free;
    private final ArrayDeque<BlockRequest> backlog = new ArrayDeque<>();
    private final NbdSender sender;
    private final NbdReceiver receiver;
    private int freeCount;
    private Link link = Link.CLOSED;
    private String trouble = "";
    private long generation;
    private long deadlineNs;
    private boolean deadlineSet;
    private NbdHandshake handshake;
    private NbdExport export;
    private long commands;
    private long lives;
    private boolean working;

    /** A closed path. */
    public NbdPath(NbdPathConfig config) {
        this.config = config;
        this.socket = new NbdSocket(config.server());
        this.operations = new NbdOp[config.maxInFlight()];
        this.free = new int[operations.length];
        for (int i = operations.length - 1; i >= 0; i--) {
            operations[i] = new NbdOp(i);
            free[freeCount++] = i;
        }
        this.sender = new NbdSender(operations.length);
        this.receiver = new NbdReceiver(operations, sender);
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

    @Override
    public BlockGeometry geometry() {
        if (export == null) {
            throw new IllegalStateException("path " + config.name() + " was never open");
        }
        return export.geometry();
    }

    @Override
    public void register(Selector selector) {
        socket.register(selector);
    }

    @Override
    public void open(long newGeneration) {
        if (link == Link.OPEN || link == Link.OPENING || outstanding() > 0) {
            throw new IllegalStateException(
                    "path " + config.name() + " is opened while " + link + " with " + outstanding() + " outstanding");
        }
        if (config.generations() && newGeneration < 1) {
            throw new IllegalArgumentException("generation " + newGeneration + ": must be at least 1");
        }
        generation = newGeneration;
        lives++;
        link = Link.OPENING;
        trouble = "";
        deadlineSet = false;
        sender.reset();
        receiver.reset();
        handshake = new NbdHandshake(config.exportFor(newGeneration));
        try {
            socket.open();
        } catch (IOException e) {
            abandon(socket + ": " + describe(e));
        }
    }

    @Override
    public void submit(BlockRequest request) {
        BlockFault refusal = link == Link.OPEN ? NbdPlan.refusal(export, request) : BlockFault.NOT_ISSUED;
        if (refusal != BlockFault.NONE) {
            request.complete(refusal);
        } else if (request.length() == 0 && request.verb() != BlockVerb.FLUSH) {
            request.complete(BlockFault.NONE);
        } else if (freeCount == 0 || !backlog.isEmpty()) {
            backlog.add(request);
        } else {
            issue(request);
            if (!working) {
                sendSoon();
            }
        }
    }

    private void sendSoon() {
        if (freeCount == operations.length - 1) {
            send(); // the only one: waiting for company would cost it time
        } else {
            socket.wantWrite(true);
        }
    }

    private void issue(BlockRequest request) {
        NbdOp op = operations[free[--freeCount]];
        NbdPlan.begin(export, op, request);
        proceed(op);
    }

    /** Queues the operation's next command, or ends it. */
    private void proceed(NbdOp op) {
        if (NbdPlan.next(export, op)) {
            op.cookie = commands++ << Integer.SIZE | op.index;
            sender.add(op);
        } else {
            end(op, BlockFault.NONE);
        }
    }

    private void end(NbdOp op, BlockFault fault) {
        BlockRequest request = op.request;
        long runLength = op.runLength;
        int runFlags = op.runFlags;
        op.request = null;
        free[freeCount++] = op.index;
        if (fault != BlockFault.NONE || request.verb() != BlockVerb.STATUS) {
            request.complete(fault);
        } else if (runLength == 0) {
            request.completeStatus(request.length(), false, false); // the server cannot tell: all of it is stored
        } else {
            boolean hole = (runFlags & NbdWire.STATE_HOLE) != 0;
            request.completeStatus(runLength, hole, (runFlags & NbdWire.STATE_ZERO) != 0);
        }
    }

    @Override
    public int doWork(long nowNs) {
        if ((link != Link.OPENING && link != Link.OPEN) || working) {
            return 0;
        }
        working = true; // completions may call back into here
        try {
            return link == Link.OPENING ? negotiate(nowNs) : exchange();
        } catch (NbdBreach e) {
            breakOff(e.getMessage());
        } catch (IOException e) {
            breakOff(describe(e));
        } finally {
            working = false;
        }
        return 1;
    }

    private void breakOff(String reason) {
        long life = lives;
        finishAnswered(); // what was answered before the trouble was answered
        if (life == lives) {
            abandon(socket + ": " + reason);
        }
    }

    private int negotiate(long nowNs) throws IOException, NbdBreach {
        if (!deadlineSet) {
            deadlineSet = true;
            deadlineNs = nowNs + config.openTimeoutNs();
        }
        if (nowNs - deadlineNs >= 0) {
            throw new NbdBreach(
                    "the server did not agree to the export in " + config.openTimeoutNs() / 1_000_000 + " ms");
        }
        if (!socket.finishConnect()) {
            return 0;
        }
        int got = socket.channel().read(receiver.buffer());
        if (got < 0) {
            throw new NbdBreach("the server closed the connection while the export was negotiated");
        }
        receiver.buffer().flip();
        handshake.consume(receiver.buffer());
        receiver.buffer().compact();
        if (handshake.out().hasRemaining()) {
            socket.channel().write(handshake.out());
            socket.wantWrite(handshake.out().hasRemaining());
        }
        if (handshake.agreed() != null) {
            export = handshake.agreed();
            handshake = null;
            receiver.begin(export);
            link = Link.OPEN;
            return 1;
        }
        return got;
    }

    private int exchange() throws IOException, NbdBreach {
        int work = sender.isEmpty() ? 0 : 1;
        sendOrThrow();
        long got = receiver.receive(socket.channel());
        if (got > 0) {
            work += finishAnswered();
            if (link == Link.OPEN) {
                sendOrThrow();
            }
        }
        return got > 0 ? work + 1 : work;
    }

    private int finishAnswered() {
        int count = 0;
        for (NbdOp op = receiver.pollEnded(); op != null && link == Link.OPEN; op = receiver.pollEnded()) {
            count++;
            if (op.error != NbdWire.OK) {
                end(op, NbdPlan.fault(op.error));
            } else {
                NbdPlan.answered(op);
                proceed(op);
            }
            while (link == Link.OPEN && freeCount > 0 && !backlog.isEmpty()) {
                issue(backlog.poll());
            }
        }
        return count;
    }

    private void sendOrThrow() throws IOException {
        socket.wantWrite(!sender.flush(socket.channel()));
    }

    private void send() {
        try {
            sendOrThrow();
        } catch (IOException e) {
            socket.wantWrite(true); // doWork will meet it again, and may break the path: a submit must not
        }
    }

    @Override
    public long maxIdleNs() {
        return link == Link.OPENING ? config.openTimeoutNs() : Long.MAX_VALUE;
    }

    @Override
    public void abandon(String reason) {
        if (link == Link.OPENING || link == Link.OPEN) {
            link = Link.BROKEN;
            trouble = reason;
            leave();
        }
    }

    private void leave() {
        socket.close();
        handshake = null;
        for (NbdOp op : operations) {
            if (op.request != null) {
                // A command that is not in the socket in full is not executed by a server: it does not have it.
                boolean reached = op.begun || sender.isSent(op) || op.endAt == NbdOp.ANSWERED;
                end(op, reached ? BlockFault.IO : BlockFault.NOT_ISSUED);
            }
        }
        for (BlockRequest request = backlog.poll(); request != null; request = backlog.poll()) {
            request.complete(BlockFault.NOT_ISSUED);
        }
    }

    @Override
    public int outstanding() {
        return operations.length - freeCount + backlog.size();
    }

    /** Without its connection nothing is received into a buffer any more. */
    @Override
    public boolean keepsBuffers() {
        return false;
    }

    @Override
    public Fencing fencing() {
        return config.generations() ? Fencing.GENERATION : Fencing.NONE;
    }

    @Override
    public void fence(long newest, FenceOutcome outcome) {
        if (!config.generations()) {
            outcome.onFenced("path " + config.name()
                    + " is a server that knows no generations: nothing can be shut out through it");
        } else if (link != Link.OPEN) {
            outcome.onFenced("path " + config.name() + " is not open: " + trouble);
        } else if (newest > generation) {
            outcome.onFenced("path " + config.name() + " was opened with generation " + generation
                    + ", which does not shut out everything below " + newest);
        } else {
            outcome.onFenced(""); // the partner acknowledged the open only when this was true
        }
    }

    /** Leaves the server; what is outstanding ends as with {@link #abandon}. */
    @Override
    public void close() {
        if (link == Link.OPEN && outstanding() == 0) {
            socket.sayGoodbye();
        }
        if (link != Link.CLOSED) {
            link = Link.CLOSED;
            trouble = "";
            leave();
        }
    }

    private static String describe(IOException e) {
        return e.getMessage() == null ? e.toString() : e.getMessage();
    }
}
