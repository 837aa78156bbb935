package io.lockstep.redirect.copies;

import io.lockstep.redirect.block.BlockCompletion;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.IoBuffer;

/**
 * A request of our own to one copy. It may outlive the client's request it was made for: then nobody is told of its end, but its buffer
 * stays held until then.
 */
final class LegRequest implements BlockCompletion {
    /** Is told of the end, unless the copy has failed meanwhile. */
    interface Owner {
        void onEnd(LegRequest request, BlockFault fault);

        /** The copy was given up while the request was on its way; its end will not be told. */
        void onGivenUp(Leg leg);
    }

    final Leg leg;
    final BlockRequest request;
    Owner owner;
    long issuedNs;
    boolean busy;
    private IoBuffer held;

    LegRequest(Leg leg, long id) {
        this.leg = leg;
        this.request = new BlockRequest(id);
    }

    IoBuffer held() {
        return held;
    }

    /** Keeps a buffer until the end; the reference is the caller's to give. */
    void hold(IoBuffer buffer) {
        held = buffer;
    }

    void issue() {
        request.submitTo(leg.device, this);
    }

    @Override
    public void onDone(BlockRequest ended) {
        Owner told = owner;
        owner = null;
        if (told != null) {
            told.onEnd(this, ended.fault());
        }
        if (held != null) {
            held.release();
            held = null;
        }
        leg.giveBack(this);
    }
}
