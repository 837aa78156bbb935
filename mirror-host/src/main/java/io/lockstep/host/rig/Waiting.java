package io.lockstep.host.rig;

import java.util.concurrent.locks.LockSupport;

/** Waits between two looks at something that another process does. */
public final class Waiting {
    private Waiting() {}

    /** Lets time pass, or less if the thread was interrupted. */
    public static void pause(long ms) {
        long deadlineNs = System.nanoTime() + ms * 1_000_000;
        long leftNs = ms * 1_000_000;
        while (leftNs > 0 && !Thread.currentThread().isInterrupted()) {
            LockSupport.parkNanos(leftNs);
            leftNs = deadlineNs - System.nanoTime();
        }
    }
}
