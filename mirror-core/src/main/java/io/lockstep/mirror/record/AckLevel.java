package io.lockstep.mirror.record;

/** What an acknowledgement promises. The order is the wire's. */
public enum AckLevel {
    /** The records are checked and in the memory of the secondary. */
    RECEIVED,
    /** They are on the secondary's disk. */
    JOURNALED,
    /** They are in the replica image. */
    APPLIED
}
