package io.lockstep.host;

import io.lockstep.mirror.failover.MirrorState;

/** Something that happened to a guest on this host. */
public sealed interface HostEvent {
    /** The guest. */
    String vm();

    /**
     * The state changed.
     *
     * @param role what this host is to the guest
     * @param reason why, for people
     * @param timeMs wall clock
     */
    record StateChanged(String vm, VmStatus.Role role, MirrorState from, MirrorState to, String reason, long timeMs)
            implements HostEvent {}

    /** Something a person should know. */
    record Notice(String vm, String text) implements HostEvent {}

    /** A failover is complete, or its receipt has become more complete. */
    record ReceiptReady(String vm, HostReceipt receipt) implements HostEvent {}
}
