package io.lockstep.mirror.lockstep;

import io.lockstep.mirror.record.RecordFault;
import io.lockstep.mirror.spi.Interconnect;
import org.agrona.DirectBuffer;

/** What the secondary has answered in this session, checked against what was sent (invariants I1, I8). One thread. No allocation but for errors. */
final class Replies implements Interconnect.Listener {
    private final LogWriter log;
    private boolean open;
    private long received;
    private long applied;
    private long appliedCount;
    private Divergence divergence;

    Replies(LogWriter log) {
        this.log = log;
    }

    /** A session begins. */
    void start() {
        open = true;
        received = 0;
        applied = 0;
        appliedCount = 0;
        divergence = null;
    }

    /** From now on answers are late ones: ignored. */
    void end() {
        open = false;
    }

    @Override
    public void onBulk(DirectBuffer buffer, int offset, int length) {
        if (open) {
            throw new RecordFault("log of " + length + " bytes sent to a primary");
        }
    }

    @Override
    public void onControl(DirectBuffer buffer, int offset, int length) {
        if (!open || divergence != null) {
            return;
        }
        int kind = ReplyDescriptor.check(buffer, offset, length, log.generation());
        long a = ReplyDescriptor.value(buffer, offset, 0);
        long b = ReplyDescriptor.value(buffer, offset, 1);
        long c = ReplyDescriptor.value(buffer, offset, 2);
        if (kind != ReplyDescriptor.ACK) {
            Divergence.What what = Divergence.What.values()[kind - ReplyDescriptor.FIRST_DIVERGENCE];
            divergence = new Divergence(what, a, b, c, ReplyDescriptor.value(buffer, offset, 3));
            return;
        }
        between("acknowledged position", a, received, log.flushedPosition());
        between("executed position", b, applied, a);
        between("executed instruction count", c, appliedCount, Math.max(appliedCount, log.lastCount()));
        received = a;
        applied = b;
        appliedCount = c;
    }

    private static void between(String what, long value, long least, long most) {
        if (value < least || value > most) {
            throw new RecordFault(what + " is " + value + ": must be from " + least + " to " + most);
        }
    }

    long received() {
        return received;
    }

    long applied() {
        return applied;
    }

    long appliedCount() {
        return appliedCount;
    }

    /** What the secondary found; null for nothing. */
    Divergence divergence() {
        return divergence;
    }
}
