package io.lockstep.sim;

import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.verify.EpochDigest;
import org.agrona.DirectBuffer;

/** What a guest was when its memory became final for a checkpoint. */
final class Snapshot {
    private final long counter;
    private final long hash;
    private final long[] pageDigests;
    private final long stateDigest;
    private final long[] disk;

    Snapshot(long counter, long hash, long[] pageDigests, long stateDigest, long[] disk) {
        this.counter = counter;
        this.hash = hash;
        this.pageDigests = pageDigests;
        this.stateDigest = stateDigest;
        this.disk = disk;
    }

    long counter() {
        return counter;
    }

    long hash() {
        return hash;
    }

    /** The first page of the image that differs, or -1. */
    long differsAt(PageRegion image) {
        for (int page = 0; page < pageDigests.length; page++) {
            if (EpochDigest.ofPage(image.chunk(page), image.offset(page)) != pageDigests[page]) {
                return page;
            }
        }
        return -1;
    }

    /** What the guest believes to be on its disk. */
    long[] disk() {
        return disk;
    }

    boolean sameState(DirectBuffer state, int length) {
        return EpochDigest.ofBytes(state, 0, length) == stateDigest;
    }
}
