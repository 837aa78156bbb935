package io.lockstep.mirror.lockstep;

import io.lockstep.mirror.spi.LockstepMachine;
import org.agrona.concurrent.UnsafeBuffer;

/** Keeps the guest's time near the host's: says which clock event is due. Guest time never goes back; it goes on from where the machine is. One thread. */
final class GuestClock {
    private final LockstepMachine machine;
    private final long everyNs;
    private final UnsafeBuffer event = new UnsafeBuffer(new byte[Long.BYTES]);
    private long offsetNs;
    private long toldNs;

    GuestClock(LockstepMachine machine, long everyNs, long nowNs) {
        this.machine = machine;
        this.everyNs = everyNs;
        restart(nowNs);
    }

    /** The guest stood still until now: it does not notice. */
    void restart(long nowNs) {
        offsetNs = machine.timeNs() - nowNs;
        toldNs = nowNs;
    }

    /** True if the guest has to be told the time: it sleeps and its timer is due, or it computes and was not told for long. */
    boolean isDue(boolean idle, long nowNs) {
        long guestNs = nowNs + offsetNs;
        if (idle) {
            return guestNs >= machine.deadlineNs();
        }
        return nowNs - toldNs >= everyNs && guestNs > machine.timeNs();
    }

    /** True if the guest's clock is behind. */
    boolean isBehind(long nowNs) {
        return nowNs + offsetNs > machine.timeNs();
    }

    /** The event for now; it counts as told. */
    UnsafeBuffer event(long nowNs) {
        event.putLong(0, nowNs + offsetNs, LogDescriptor.ORDER);
        toldNs = nowNs;
        return event;
    }
}
