package io.lockstep.redirect.copies;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BlockVerb;
import io.lockstep.redirect.block.IoBuffer;

/** A client's read, or question for status: asked of one copy in sync, then of the other. */
final class ReadOp implements LegRequest.Owner {
    /** Where it is. */
    enum Stage {
        FREE,
        ISSUED,
        /** No buffer was free. */
        HUNGRY,
        PARKED
    }

    private static final int MAX_ATTEMPTS = 3;

    private final Mirror mirror;
    private BlockRequest client;
    private Stage stage = Stage.FREE;
    private int tried;
    private int attempts;
    private BlockFault fault;

    ReadOp(Mirror mirror) {
        this.mirror = mirror;
    }

    Stage stage() {
        return stage;
    }

    void begin(BlockRequest request) {
        client = request;
        attempts = 0;
        restart();
    }

    void restart() {
        tried = 0;
        fault = BlockFault.IO;
        next();
    }

    void next() {
        Leg leg = mirror.readable(tried);
        if (leg == null) {
            boolean wait = mirror.phase() == MirrorPhase.SUSPENDED && fault.isPathFault() && ++attempts < MAX_ATTEMPTS;
            if (wait) {
                stage = Stage.PARKED;
            } else {
                finish(fault);
            }
            return;
        }
        // A read stuck in a copy that was given up may still store into its buffer: it must not be the client's.
        IoBuffer own = null;
        if (client.verb() == BlockVerb.READ && mirror.config.stallNs() > 0) {
            own = mirror.buffers.acquire((int) client.length());
            if (own == null) {
                stage = Stage.HUNGRY;
                return;
            }
        }
        stage = Stage.ISSUED;
        LegRequest request = leg.take(this, mirror.nowNs);
        if (own != null) {
            request.request.read(client.offset(), (int) client.length(), own, 0);
            request.hold(own);
        } else {
            request.request.copyOf(client);
            if (client.data() != null) {
                client.data().retain();
                request.hold(client.data());
            }
        }
        request.issue();
    }

    @Override
    public void onEnd(LegRequest request, BlockFault how) {
        if (how == BlockFault.NONE) {
            answer(request);
        } else if (how == BlockFault.INVALID || how == BlockFault.NOT_SUPPORTED) {
            finish(how);
        } else {
            tried |= request.leg.bit();
            fault = how;
            mirror.readFailed(request.leg, client.offset(), client.length(), how);
            next();
        }
    }

    private void answer(LegRequest from) {
        BlockRequest ended = client;
        if (ended.verb() == BlockVerb.STATUS) {
            free();
            ended.completeStatus(from.request.extentLength(), from.request.extentHole(), from.request.extentZero());
            return;
        }
        if (from.held() != ended.data()) {
            ended.data().view().putBytes(ended.dataOffset(), from.held().view(), 0, (int) ended.length());
        }
        finish(BlockFault.NONE);
    }

    @Override
    public void onGivenUp(Leg leg) {
        tried |= leg.bit();
        fault = BlockFault.IO;
        next();
    }

    void finish(BlockFault how) {
        BlockRequest ended = client;
        free();
        ended.complete(how);
    }

    private void free() {
        client = null;
        stage = Stage.FREE;
        mirror.ops.release(this);
    }
}
