package io.lockstep.mirror.record;

/** What an acknowledgement promises. The order is the wire's. */
public enum AckLevel {
    /** The records are checked and in the memory of the secondary. */
    RECEIVED,
    /** Besides, the disk writes of the acknowledged epochs would survive a power cut of the secondary. */
    JOURNALED,
    /** They are in the replica image. */
    APPLIED
}
