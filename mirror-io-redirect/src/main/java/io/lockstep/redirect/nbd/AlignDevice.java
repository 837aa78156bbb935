package io.lockstep.redirect.nbd;

import io.lockstep.redirect.block.BlockCompletion;
import io.lockstep.redirect.block.BlockDevice;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BlockVerb;
import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.block.IoBuffer;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;

/**
 * Takes requests of any shape for a device that takes only whole blocks or short requests: cuts them, and writes parts of blocks by
 * reading the block, changing it and writing it back.
 *
 * <pre>
 *   client   ....[=====|===============|==]....
 *   below    [edge    ][ in place     ][edge ]      edge = read, change, write
 * </pre>
 *
 * A change that does not cover whole blocks never overlaps another change: it waits for those before it, and those after it wait for it.
 *
 * <p>Threading: the stack's thread.
 */
final class AlignDevice implements BlockDevice, BlockCompletion {
    /** Parts of blocks under way at a time; others wait. */
    private static final int EDGES = 8;

    private final BlockDevice below;
    private final BlockGeometry geometry;
    private final BlockGeometry shape;
    private final BufferPool edges = new BufferPool(EDGES, 1, 1);
    private final ShapedRequest[] all;
    private final ShapedRequest[] free;
    private int freeCount;
    /** Changes that the device has. */
    private final List<ShapedRequest> active;
    /** Requests that wait for changes before them, or for an edge, in the order they came. */
    private final List<ShapedRequest> waiting;
    /** Changes, active and waiting, that do not cover whole blocks. */
    private int ragged;

    private boolean sweeping;
    private boolean sweepAgain;

    AlignDevice(BlockDevice below, int requests) {
        this.below = below;
        shape = below.geometry();
        geometry = new BlockGeometry(
                shape.sizeBytes(),
                1,
                shape.preferredBlock(),
                BlockGeometry.MAX_TRANSFER,
                shape.readOnly(),
                shape.canDiscard(),
                shape.fastZero());
        all = new ShapedRequest[requests];
        free = new ShapedRequest[requests];
        for (int i = 0; i < requests; i++) {
            all[i] = new ShapedRequest(i, shape);
            free[freeCount++] = all[i];
        }
        active = new ArrayList<>(requests);
        waiting = new ArrayList<>(requests);
    }

    @Override
    public BlockGeometry geometry() {
        return geometry;
    }

    @Override
    public void submit(BlockRequest request) {
        boolean whole = shape.isAligned(request.offset(), request.length());
        boolean change = request.verb().changesContent();
        if (!change && whole && (request.verb() != BlockVerb.READ || request.length() <= shape.maxTransfer())) {
            request.passTo(below);
            return;
        }
        if (freeCount == 0) {
            throw new IllegalStateException("more than " + all.length + " requests at a time: " + request);
        }
        ShapedRequest shaped = free[--freeCount];
        shaped.begin(request);
        if (shaped.isRaggedChange()) {
            ragged++;
        }
        if (canStart(shaped, waiting.size())) {
            start(shaped);
        } else {
            waiting.add(shaped);
        }
    }

    /** False if it must wait: for changes below it, for some of the first {@code before} that wait, or for an edge, which it then has. */
    private boolean canStart(ShapedRequest shaped, int before) {
        if (shaped.isChange() && ragged > 0 && mustWait(shaped, before)) {
            return false;
        }
        if (shaped.needsEdge()) {
            IoBuffer edge = edges.acquire(shaped.edgeBytes());
            if (edge == null) {
                return false;
            }
            shaped.edge(edge);
        }
        return true;
    }

    private void start(ShapedRequest shaped) {
        if (shaped.isChange()) {
            shaped.place = active.size();
            active.add(shaped);
        }
        run(shaped);
    }

    private boolean mustWait(ShapedRequest shaped, int before) {
        for (int i = 0; i < active.size(); i++) {
            if (shaped.collidesWith(active.get(i))) {
                return true;
            }
        }
        for (int i = 0; i < before; i++) {
            if (shaped.collidesWith(waiting.get(i))) {
                return true;
            }
        }
        return false;
    }

    /** One step after the other, in a loop rather than by recursion: a device may complete within submit. */
    private void run(ShapedRequest shaped) {
        if (shaped.running) {
            shaped.again = true;
            return;
        }
        shaped.running = true;
        do {
            shaped.again = false;
            if (shaped.next()) {
                shaped.own().submitTo(below, this);
            } else {
                end(shaped);
            }
        } while (shaped.again);
        shaped.running = false;
    }

    @Override
    public void onDone(BlockRequest request) {
        ShapedRequest shaped = all[(int) request.id()];
        shaped.stepDone();
        run(shaped);
    }

    private void end(ShapedRequest shaped) {
        if (shaped.isChange()) {
            ShapedRequest last = active.remove(active.size() - 1);
            if (last != shaped) {
                active.set(shaped.place, last);
                last.place = shaped.place;
            }
        }
        if (shaped.isRaggedChange()) {
            ragged--;
        }
        BlockRequest client = shaped.client();
        BlockFault fault = shaped.fault();
        long run = shaped.statusRun();
        boolean hole = shaped.own().extentHole();
        boolean zero = shaped.own().extentZero();
        shaped.end();
        free[freeCount++] = shaped;
        if (client.verb() == BlockVerb.STATUS && fault == BlockFault.NONE) {
            client.completeStatus(run, hole, zero);
        } else {
            client.complete(fault);
        }
        if (!waiting.isEmpty()) {
            startWaiting();
        }
    }

    /** In order; again from the front if one of those that start ends at once. */
    private void startWaiting() {
        if (sweeping) {
            sweepAgain = true;
            return;
        }
        sweeping = true;
        do {
            sweepAgain = false;
            for (int i = 0; i < waiting.size(); i++) {
                ShapedRequest next = waiting.get(i);
                if (canStart(next, i)) {
                    waiting.remove(i);
                    i--;
                    start(next);
                }
            }
        } while (sweepAgain);
        sweeping = false;
    }

    @Override
    public int doWork(long nowNs) {
        return below.doWork(nowNs);
    }

    @Override
    public void register(Selector selector) {
        below.register(selector);
    }

    @Override
    public long maxIdleNs() {
        return below.maxIdleNs();
    }

    /** The device below belongs to the server's owner. */
    @Override
    public void close() {}
}
