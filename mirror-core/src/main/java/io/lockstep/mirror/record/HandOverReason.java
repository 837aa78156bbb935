package io.lockstep.mirror.record;

/** Why a primary gives a guest away. The order is the wire's. */
public enum HandOverReason {
    /** Somebody asked for it. */
    SWITCHOVER,
    /** The primary's guest died. */
    GUEST_LOST
}
