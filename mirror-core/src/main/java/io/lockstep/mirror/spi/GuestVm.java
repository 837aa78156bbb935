package io.lockstep.mirror.spi;

import io.lockstep.mirror.memory.PageRegion;
import org.agrona.MutableDirectBuffer;

/**
 * A running guest, as the capture stage drives it once per epoch:
 *
 * <pre>
 *   RUNNING --requestCheckpoint()--> PAUSING --> MEMORY_FINAL --> STATE_READY --resume()--> RUNNING
 *                                        \____________\--> CHECKPOINT_FAILED --resume()-->  RUNNING
 *   any --> LOST (the process is gone) | POWERED_OFF (the guest ended by itself)
 * </pre>
 *
 * <p>Threading: one thread. No method blocks.
 */
public interface GuestVm {
    /** Where the guest is in its checkpoint cycle. */
    enum Phase {
        /** Executing. */
        RUNNING,
        /** Pause requested; memory may still change. */
        PAUSING,
        /** Paused and devices drained: memory does not change any more; device state is still being saved. */
        MEMORY_FINAL,
        /** Paused; the device state can be read. */
        STATE_READY,
        /** Paused or running, without a usable device state; {@link #problem()} says why. Legal next step: {@link #resume()}. */
        CHECKPOINT_FAILED,
        /** The guest shut itself down in an orderly way. */
        POWERED_OFF,
        /** The guest's process or its control connection is gone; {@link #problem()} says why. */
        LOST
    }

    /** Guest RAM. The content is final between {@link Phase#MEMORY_FINAL} and {@link #resume()}. */
    PageRegion memory();

    /** Asks for a pause and a save of the device state. Legal in {@link Phase#RUNNING}. */
    void requestCheckpoint();

    /** Makes progress and says where the guest is. */
    Phase poll();

    /** Bytes of device state, valid in {@link Phase#STATE_READY}. */
    int stateLength();

    /** Copies a part of the device state out; legal in {@link Phase#STATE_READY}. */
    void copyState(int stateOffset, MutableDirectBuffer target, int targetOffset, int length);

    /** Lets the guest run. Legal in {@link Phase#STATE_READY} and {@link Phase#CHECKPOINT_FAILED}. */
    void resume();

    /**
     * State that a standby needs once, before the first epoch (for QEMU: a migration stream's constant sections). The returned array
     * is not modified by either side.
     */
    byte[] baseline();

    /** Why the phase is {@link Phase#CHECKPOINT_FAILED} or {@link Phase#LOST}; empty otherwise. */
    String problem();

    /** Ends the guest at once, for fencing; its memory may go away. Idempotent. */
    void kill(String reason);
}
