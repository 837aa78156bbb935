package io.lockstep.redirect.nbd;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BlockVerb;
import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.block.IoBuffer;

/**
 * A request of any shape, as a row of requests that the device below takes: one at a time, each set by {@link #next}.
 *
 * <pre>
 *   READ          in place | edge read, copy out
 *   WRITE         in place | edge read, copy in, edge write
 *   WRITE_ZEROES  whole blocks first (they may be refused), then the edges: read, zero, write
 *   DISCARD       whole blocks inside        STATUS  whole blocks around
 * </pre>
 */
final class ShapedRequest {
    private enum Step {
        NONE,
        IN_PLACE,
        EDGE_READ,
        EDGE_WRITE
    }

    private enum Zeroes {
        MIDDLE,
        HEAD,
        TAIL,
        DONE
    }

    private static final int EDGE = BufferPool.SMALL;

    /** Its place among the active changes. Kept by {@link AlignDevice}. */
    int place;
    /** True while {@link AlignDevice} goes through its steps. */
    boolean running;
    /** True if a step ended within its own submit. */
    boolean again;

    private final BlockGeometry shape;
    private final long mask;
    private final BlockRequest own;
    private BlockRequest client;
    private IoBuffer edge;
    private boolean ragged;
    private long start;
    private long end;
    /** The bytes from here to {@code until} are still to be moved. */
    private long position;

    private long until;
    private Step step;
    private Zeroes zeroes;
    private boolean finished;
    private boolean edgeLoaded;
    private long edgeBase;
    private int edgeSpan;
    private int stepLength;
    private BlockFault fault;

    ShapedRequest(int index, BlockGeometry shape) {
        this.shape = shape;
        mask = shape.minBlock() - 1L;
        own = new BlockRequest(index);
    }

    void begin(BlockRequest request) {
        client = request;
        start = request.offset();
        end = start + request.length();
        ragged = !shape.isAligned(start, request.length());
        position = start;
        until = request.verb() == BlockVerb.WRITE_ZEROES ? start : end;
        step = Step.NONE;
        zeroes = Zeroes.MIDDLE;
        finished = false;
        edgeLoaded = false;
        fault = BlockFault.NONE;
    }

    BlockRequest client() {
        return client;
    }

    /** What goes below next. */
    BlockRequest own() {
        return own;
    }

    BlockFault fault() {
        return fault;
    }

    boolean isChange() {
        return client.verb().changesContent();
    }

    /** A discard leaves parts of blocks alone. */
    boolean isRaggedChange() {
        return ragged && isChange() && client.verb() != BlockVerb.DISCARD;
    }

    /** True if the two may not be under way together. */
    boolean collidesWith(ShapedRequest other) {
        return other.isChange()
                && (isRaggedChange() || other.isRaggedChange())
                && down(start) < up(other.end)
                && down(other.start) < up(end);
    }

    boolean needsEdge() {
        return switch (client.verb()) {
            case READ, WRITE -> ragged || !fits(start);
            case WRITE_ZEROES -> ragged;
            case DISCARD, STATUS, FLUSH -> false;
        };
    }

    int edgeBytes() {
        return EDGE;
    }

    void edge(IoBuffer buffer) {
        edge = buffer;
    }

    /** The request is over; gives the edge back. */
    void end() {
        client = null;
        if (edge != null) {
            edge.release();
            edge = null;
        }
    }

    /** Sets {@link #own} for the next step; false if there is none. */
    boolean next() {
        if (fault != BlockFault.NONE || finished) {
            return false;
        }
        return switch (client.verb()) {
            case READ, WRITE -> nextTransfer();
            case WRITE_ZEROES -> nextZeroes();
            case DISCARD -> discard();
            case STATUS -> status();
            case FLUSH -> throw new IllegalStateException("a flush has no shape");
        };
    }

    /** {@link #own} has ended. */
    void stepDone() {
        fault = own.fault();
        if (fault != BlockFault.NONE) {
            return;
        }
        switch (step) {
            case IN_PLACE -> position += stepLength;
            case EDGE_READ -> {
                if (client.verb() == BlockVerb.READ) {
                    edge.view().getBytes(inEdge(), client.data().view(), inData(position), inEdgeLength());
                    position += inEdgeLength();
                } else {
                    edgeLoaded = true;
                }
            }
            case EDGE_WRITE -> position += inEdgeLength();
            case NONE -> finished = true;
        }
    }

    private boolean nextTransfer() {
        if (position == until) {
            return false;
        }
        long whole = Math.min(shape.maxTransfer(), down(until) - position);
        if (!edgeLoaded && whole > 0 && (position & mask) == 0 && fits(position)) {
            step = Step.IN_PLACE;
            stepLength = (int) whole;
            if (client.verb() == BlockVerb.READ) {
                own.read(position, stepLength, client.data(), inData(position));
            } else {
                own.write(position, stepLength, client.data(), inData(position), client.fua());
            }
        } else {
            nextEdge();
        }
        return true;
    }

    private void nextEdge() {
        if (!edgeLoaded) {
            edgeBase = down(position);
            edgeSpan = (int) Math.min(Math.min(EDGE, shape.maxTransfer()), up(until) - edgeBase);
            step = Step.EDGE_READ;
            own.read(edgeBase, edgeSpan, edge, 0);
            return;
        }
        if (client.verb() == BlockVerb.WRITE) {
            client.data().view().getBytes(inData(position), edge.view(), inEdge(), inEdgeLength());
        } else {
            edge.view().setMemory(inEdge(), inEdgeLength(), (byte) 0);
        }
        edgeLoaded = false;
        step = Step.EDGE_WRITE;
        own.write(edgeBase, edgeSpan, edge, 0, client.fua());
    }

    private boolean nextZeroes() {
        while (position == until) {
            switch (zeroes) {
                case MIDDLE -> {
                    zeroes = Zeroes.HEAD;
                    if (up(start) < down(end)) {
                        step = Step.IN_PLACE;
                        stepLength = 0;
                        own.writeZeroes(
                                up(start),
                                down(end) - up(start),
                                client.fua(),
                                client.keepAllocated(),
                                client.fastOnly());
                        return true;
                    }
                    if (client.fastOnly() && !shape.fastZero()) {
                        fault = BlockFault.NOT_SUPPORTED;
                        return false;
                    }
                }
                case HEAD -> {
                    zeroes = Zeroes.TAIL;
                    position = start;
                    until = Math.min(end, up(start));
                }
                case TAIL -> {
                    zeroes = Zeroes.DONE;
                    position = Math.max(down(end), up(start));
                    until = Math.max(position, end);
                }
                case DONE -> {
                    return false;
                }
            }
        }
        nextEdge();
        return true;
    }

    private boolean discard() {
        long from = up(start);
        if (from >= down(end)) {
            return false;
        }
        step = Step.NONE;
        own.discard(from, down(end) - from, client.fua());
        return true;
    }

    private boolean status() {
        step = Step.NONE;
        own.status(down(start), up(end) - down(start));
        return true;
    }

    /** STATUS: bytes of the run from the client's offset on; a run that is only the block around the offset counts as the block. */
    long statusRun() {
        long run = own.extentLength() - (start - down(start));
        return Math.min(end - start, Math.max(run, up(start + 1) - start));
    }

    /** True if the client's memory for this position lies as the device needs it. */
    private boolean fits(long at) {
        return (inData(at) & mask) == 0;
    }

    private int inData(long at) {
        return client.dataOffset() + (int) (at - start);
    }

    private int inEdge() {
        return (int) (position - edgeBase);
    }

    private int inEdgeLength() {
        return (int) (Math.min(until, edgeBase + edgeSpan) - position);
    }

    private long down(long at) {
        return at & ~mask;
    }

    private long up(long at) {
        return (at + mask) & ~mask;
    }
}
