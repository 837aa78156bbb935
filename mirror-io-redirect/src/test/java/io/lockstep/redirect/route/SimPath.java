package io.lockstep.redirect.route;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BlockVerb;
import io.lockstep.redirect.block.IoBuffer;
import io.lockstep.redirect.path.BlockPath;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A path to a {@link SimLun}. A local one is like a file: a call that is stuck keeps its request and its buffer, and reads or fills that
 * buffer when it thaws. A remote one is like NBD: leaving it ends the requests, while the far end may still do what it was sent.
 */
final class SimPath implements BlockPath {
    /** How requests go. */
    enum Mood {
        GOOD,
        /** Error, nothing done. */
        ERROR,
        /** Error, a part or all of it done. */
        TORN,
        /** Nothing ends before it thaws. */
        FROZEN
    }

    private static final class Op {
        BlockRequest request;
        BlockVerb verb;
        int first;
        int count;
        IoBuffer buffer;
        UnsafeBuffer payload;
        int payloadAt;
        long generation;
        long landNs;
        long endNs;
        Mood mood;
        boolean landed;
        BlockFault result = BlockFault.NONE;
    }

    final List<String> calls = new ArrayList<>();
    Mood mood = Mood.GOOD;
    int moodRequests = Integer.MAX_VALUE;
    /** Opening fails as long as it is set. */
    boolean dead;
    /** Opening and fencing hang as long as it is set. */
    boolean mute;

    LongSupplier delayNs = () -> 0;
    BlockFault answer = BlockFault.IO;
    String fenceProblem = "";
    BlockGeometry geometry;

    private final String name;
    private final SimLun lun;
    private final boolean local;
    private final Fencing fencing;
    private final List<Op> ops = new ArrayList<>();
    private Link link = Link.CLOSED;
    private String trouble = "";
    private long generation;
    private long nowNs;
    private FenceOutcome fence;
    private long fenceGeneration;

    SimPath(String name, SimLun lun, boolean local, Fencing fencing) {
        this.name = name;
        this.lun = lun;
        this.local = local;
        this.fencing = fencing;
        geometry =
                new BlockGeometry((long) lun.blocks() * SimLun.BLOCK, SimLun.BLOCK, 4096, 1 << 20, false, true, true);
    }

    @Override
    public String name() {
        return name;
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
    public boolean completionIsFinal() {
        return local;
    }

    @Override
    public boolean keepsBuffers() {
        return local;
    }

    @Override
    public BlockGeometry geometry() {
        return geometry;
    }

    @Override
    public Fencing fencing() {
        return fencing;
    }

    @Override
    public void open(long newGeneration) {
        if (outstanding() > 0 || link == Link.OPEN || link == Link.OPENING) {
            throw new AssertionError(name + " is opened while " + link + " with " + outstanding() + " outstanding");
        }
        calls.add("open " + newGeneration);
        generation = newGeneration;
        link = Link.OPENING;
        trouble = "";
    }

    @Override
    public void fence(long newGeneration, FenceOutcome outcome) {
        calls.add("fence " + newGeneration);
        fence = outcome;
        fenceGeneration = newGeneration;
    }

    /** The link breaks; the far end goes on with what it has. */
    void cut(String why) {
        if (link == Link.OPEN || link == Link.OPENING) {
            link = Link.BROKEN;
            trouble = why;
            loseRequests();
        }
    }

    /** What is frozen goes on. */
    void thaw() {
        for (Op op : ops) {
            if (op.mood == Mood.FROZEN) {
                op.mood = Mood.GOOD;
                op.landNs = nowNs;
                op.endNs = nowNs;
            }
        }
    }

    /** The process behind the path dies, and what is frozen in it with it. */
    void forget() {
        for (Op op : List.copyOf(ops)) {
            if (op.request == null) {
                ops.remove(op);
            }
        }
    }

    @Override
    public void abandon(String reason) {
        if (link == Link.CLOSED || link == Link.BROKEN) {
            return;
        }
        link = Link.BROKEN;
        trouble = reason;
        calls.add("abandon");
        loseRequests();
    }

    private void loseRequests() {
        if (!local) {
            for (Op op : List.copyOf(ops)) {
                BlockRequest request = op.request;
                if (request != null) {
                    op.request = null;
                    request.complete(BlockFault.IO);
                }
            }
        }
    }

    @Override
    public int outstanding() {
        int count = 0;
        for (Op op : ops) {
            count += op.request == null ? 0 : 1;
        }
        return count;
    }

    int frozen() {
        int count = 0;
        for (Op op : ops) {
            count += op.mood == Mood.FROZEN ? 1 : 0;
        }
        return count;
    }

    @Override
    public void submit(BlockRequest request) {
        if (link != Link.OPEN) {
            request.complete(BlockFault.NOT_ISSUED);
            return;
        }
        calls.add(request.toString());
        Op op = new Op();
        op.request = request;
        op.verb = request.verb();
        op.first = (int) (request.offset() / SimLun.BLOCK);
        op.count = (int) (request.length() / SimLun.BLOCK);
        op.buffer = request.data();
        op.payloadAt = request.dataOffset();
        if (!local && request.verb() == BlockVerb.WRITE) {
            byte[] copy = new byte[(int) request.length()];
            request.data().view().getBytes(request.dataOffset(), copy);
            op.payload = new UnsafeBuffer(copy);
            op.payloadAt = 0;
        }
        op.generation = generation;
        op.landNs = nowNs + delayNs.getAsLong();
        op.endNs = op.landNs + delayNs.getAsLong();
        op.mood = moodRequests > 0 ? mood : Mood.GOOD;
        moodRequests -= mood == Mood.GOOD ? 0 : 1;
        ops.add(op);
    }

    @Override
    public int doWork(long now) {
        nowNs = now;
        int work = link == Link.OPENING && !mute ? finishOpening() : 0;
        if (fence != null && !mute) {
            FenceOutcome outcome = fence;
            fence = null;
            if (fenceProblem.isEmpty()) {
                lun.fence(fenceGeneration);
            }
            outcome.onFenced(fenceProblem);
        }
        for (int i = 0; i < ops.size(); i++) {
            Op op = ops.get(i);
            if (op.mood != Mood.FROZEN && !op.landed && op.landNs <= now) {
                land(op);
            }
        }
        for (Op op : List.copyOf(ops)) {
            if (op.landed && op.endNs <= now && ops.remove(op)) {
                work++;
                end(op);
            }
        }
        return work;
    }

    private int finishOpening() {
        link = dead || !lun.admits(generation) ? Link.BROKEN : Link.OPEN;
        trouble = link == Link.OPEN ? "" : dead ? "dead" : "an older generation";
        return 1;
    }

    private void land(Op op) {
        op.landed = true;
        if (!lun.admits(op.generation) && op.verb.changesContent()) {
            op.result = BlockFault.FENCED;
            return;
        }
        if (op.mood == Mood.ERROR) {
            op.result = answer;
            return;
        }
        int count = op.mood == Mood.TORN ? op.count / 2 : op.count;
        op.result = op.mood == Mood.TORN ? BlockFault.IO : BlockFault.NONE;
        touchBuffer(op);
        switch (op.verb) {
            case READ -> {
                if (op.request != null || local) {
                    lun.read(op.first, count, op.buffer.view(), op.payloadAt);
                }
            }
            case WRITE -> lun.write(op.first, count, op.payload != null ? op.payload : op.buffer.view(), op.payloadAt);
            case WRITE_ZEROES, DISCARD -> lun.zero(op.first, count);
            case FLUSH -> lun.flush();
            case STATUS -> {}
        }
    }

    /** A call that touches a buffer that was given back is what the quarantine is there to prevent. */
    private void touchBuffer(Op op) {
        if (local && op.buffer != null) {
            op.buffer.retain();
            op.buffer.release();
        }
    }

    private void end(Op op) {
        BlockRequest request = op.request;
        if (request == null) {
            return;
        }
        op.request = null;
        if (op.result == BlockFault.NONE && op.verb == BlockVerb.STATUS) {
            request.completeStatus(request.length(), false, false);
        } else {
            request.complete(op.result);
        }
    }

    @Override
    public void close() {
        if (link != Link.CLOSED) {
            abandon("closed");
            link = Link.CLOSED;
        }
    }
}
