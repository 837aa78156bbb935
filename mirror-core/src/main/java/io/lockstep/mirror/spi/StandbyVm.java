package io.lockstep.mirror.spi;

import io.lockstep.mirror.memory.PageRegion;
import org.agrona.DirectBuffer;

/**
 * A guest that waits on the secondary, with its memory reserved, for the moment it must go live.
 *
 * <pre>
 *   PREPARING --> READY --activate()--> ACTIVATING --> LIVE
 *        \___________\_________________________\-----> FAILED
 * </pre>
 *
 * <p>Threading: one thread. No method blocks.
 */
public interface StandbyVm {
    /** How far the standby is. */
    enum Phase {
        /** Reserving memory, starting. */
        PREPARING,
        /** {@link #memory()} and {@link #staging()} can be written; {@link #activate} is legal. */
        READY,
        /** Loading the device state. */
        ACTIVATING,
        /** The guest runs; {@link #asGuest()} is legal. */
        LIVE,
        /** {@link #problem()} says why; legal next step: {@link #discard(String)}. */
        FAILED
    }

    /** Makes progress and says how far the standby is. */
    Phase poll();

    /** The replica image: the memory the guest will run on. Legal from {@link Phase#READY} on. */
    PageRegion memory();

    /** Room for the pages of one epoch, reserved beforehand; as many pages as {@link #memory()}. */
    PageRegion staging();

    /** The guest's disk on this host, the same one until the end. Legal from {@link Phase#READY} on. */
    default ReplicaDisk disk() {
        return NoDisk.NONE;
    }

    /**
     * Loads the device state and runs the guest on {@link #memory()}.
     *
     * @param baseline what {@link GuestVm#baseline()} gave on the primary
     * @param state device state of the last committed epoch; read before this method returns
     */
    void activate(byte[] baseline, DirectBuffer state, int length);

    /** The guest, once {@link Phase#LIVE}, for protecting it in its turn. */
    GuestVm asGuest();

    /** Why the phase is {@link Phase#FAILED}; empty otherwise. */
    String problem();

    /** Ends the standby and frees its memory. Idempotent; not legal once {@link #asGuest()} was handed out. */
    void discard(String reason);
}
