package io.lockstep.mirror;

import io.lockstep.mirror.replicate.LinkBoard;
import io.lockstep.mirror.spi.GuestDisk;

/** Tells the partner what the disk would keep in a power cut, and the disk what the partner's copy would. One thread, the engine. */
final class DurableExchange {
    private final GuestDisk disk;
    private final LinkBoard board;
    private long partner;

    DurableExchange(GuestDisk disk, LinkBoard board) {
        this.disk = disk;
        this.board = board;
        board.blockCount(disk.blockCount());
    }

    /** A session starts: what was said in earlier ones was about marks of before. */
    void restart() {
        partner = 0;
    }

    void tell() {
        board.durableEpoch(disk.durableEpoch());
    }

    /** Legal while a session is served whose epochs count; {@code acked} is the last of them. */
    int hear(long acked) {
        long durable = Math.min(acked, board.partnerDurable());
        if (durable <= partner) {
            return 0;
        }
        partner = durable;
        disk.partnerDurable(durable);
        return 1;
    }
}
