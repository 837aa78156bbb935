package io.lockstep.mirror.record;

/** What a chunk is a part of. The order is the wire's. */
public enum Blob {
    /** State that the standby needs once. */
    BASELINE,
    /** Device and vCPU state at the end of an epoch. */
    DEVICE_STATE
}
