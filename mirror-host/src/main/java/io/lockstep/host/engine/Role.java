package io.lockstep.host.engine;

import io.lockstep.host.VmStatus;
import java.nio.channels.Selector;

/** What this host is to the guest for now. Engine thread only. */
interface Role {
    /** Does what can be done now. Returns 0 if there was nothing to do. */
    int doWork(long nowNs);

    /** This role, or the one that follows it; then this one has handed over or closed everything it had. */
    Role next(long nowNs);

    /** Registers the channels to wait for. */
    void register(Selector selector);

    /** How it stands. */
    VmStatus status();

    /** A planned move to the partner. @throws IllegalStateException if this is not possible now */
    default void switchover() {
        throw new IllegalStateException("switchover is possible on the primary only, this host is " + status().role());
    }

    /** Takes over from the partner. @throws IllegalStateException if this is not possible now */
    default void failover() {
        throw new IllegalStateException("failover is possible on the secondary only, this host is " + status().role());
    }

    /** Ends the protection. @throws IllegalStateException if this is not possible now */
    default void unprotect() {
        throw new IllegalStateException("unprotect is possible on the primary only, this host is " + status().role());
    }

    /** Seeks protection again. @throws IllegalStateException if this is not possible now */
    default void protect() {
        throw new IllegalStateException("protect is possible on the primary only, this host is " + status().role());
    }

    /** Ends everything; a guest that runs here is killed. */
    void close();
}
