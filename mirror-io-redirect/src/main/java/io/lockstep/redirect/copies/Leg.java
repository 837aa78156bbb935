package io.lockstep.redirect.copies;

import io.lockstep.redirect.block.BlockDevice;
import io.lockstep.redirect.regions.RegionLog;

/** One copy in use: its requests and its status. */
final class Leg {
    /** Requests beside those of clients: probe, flush, resync, verify. */
    static final int OWN = 8;

    final int index;
    final String name;
    final RegionLog log;
    BlockDevice device;
    private final MirrorListener listener;
    private final LegRequest[] all;
    private final LegRequest[] free;
    private int freeCount;
    private CopyStatus status;
    private String reason = "";

    Leg(int index, Copy copy, CopyStatus initial, int requests, MirrorListener listener) {
        this.index = index;
        this.name = copy.name();
        this.log = copy.log();
        this.device = copy.device();
        this.status = initial;
        this.listener = listener;
        this.all = new LegRequest[requests];
        this.free = new LegRequest[requests];
        for (int i = 0; i < requests; i++) {
            all[i] = new LegRequest(this, i);
            free[freeCount++] = all[i];
        }
    }

    int bit() {
        return 1 << index;
    }

    CopyStatus status() {
        return status;
    }

    String reason() {
        return reason;
    }

    boolean isInSync() {
        return status == CopyStatus.IN_SYNC;
    }

    void become(CopyStatus next, String why) {
        CopyStatus before = status;
        if (!next.mayFollow(before)) {
            throw new IllegalStateException(
                    "ILLEGAL TRANSITION of copy " + name + ": " + before + " -> " + next + " (" + why + ")");
        }
        status = next;
        reason = why;
        listener.onCopy(name, before, next, why);
    }

    void explain(String why) {
        reason = why;
    }

    /** A request for an owner, or null if all are on their way. */
    LegRequest take(LegRequest.Owner owner, long nowNs) {
        if (freeCount == 0) {
            return null;
        }
        LegRequest taken = free[--freeCount];
        taken.owner = owner;
        taken.issuedNs = nowNs;
        taken.busy = true;
        return taken;
    }

    void giveBack(LegRequest request) {
        request.busy = false;
        free[freeCount++] = request;
    }

    boolean hasFree() {
        return freeCount > 0;
    }

    /** Requests that have not come back, given up ones included. */
    int outstanding() {
        return all.length - freeCount;
    }

    boolean isSilentSince(long beforeNs) {
        for (LegRequest request : all) {
            if (request.busy && request.issuedNs - beforeNs < 0) {
                return true;
            }
        }
        return false;
    }

    /** Nobody waits for this copy any more. Buffers stay held until the calls return. */
    void giveUp() {
        for (LegRequest request : all) {
            LegRequest.Owner owner = request.owner;
            if (request.busy && owner != null) {
                request.owner = null;
                owner.onGivenUp(this);
            }
        }
    }
}
