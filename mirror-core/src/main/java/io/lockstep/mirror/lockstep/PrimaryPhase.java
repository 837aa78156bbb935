package io.lockstep.mirror.lockstep;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/** Where a primary is. The table of legal predecessors is the protocol. */
public enum PrimaryPhase {
    /** The guest runs without a replica; outputs pass at once. */
    ALONE,
    /** The same, while its memory is being copied to the secondary. */
    COPYING,
    /** The guest stands still while the rest of the checkpoint is sent. */
    PAUSED,
    /** Everything is logged; outputs wait for their acknowledgement. */
    PROTECTED,
    /** The secondary is lost, has diverged or refused the log. The guest stands still and outputs wait until the caller knows who may go on. */
    CUT,
    /** Somebody else runs the guest, or may: nothing is executed or released any more. */
    STOPPED;

    private static final Map<PrimaryPhase, Set<PrimaryPhase>> PREDECESSORS = new EnumMap<>(PrimaryPhase.class);

    static {
        PREDECESSORS.put(ALONE, EnumSet.of(COPYING, PAUSED, PROTECTED, CUT));
        PREDECESSORS.put(COPYING, EnumSet.of(ALONE));
        PREDECESSORS.put(PAUSED, EnumSet.of(COPYING));
        PREDECESSORS.put(PROTECTED, EnumSet.of(PAUSED));
        PREDECESSORS.put(CUT, EnumSet.of(PROTECTED));
        PREDECESSORS.put(STOPPED, EnumSet.complementOf(EnumSet.of(STOPPED)));
    }

    boolean mayFollow(PrimaryPhase before) {
        return PREDECESSORS.get(this).contains(before);
    }

    boolean guestRuns() {
        return this == ALONE || this == COPYING || this == PROTECTED;
    }

    boolean hasSession() {
        return this == COPYING || this == PAUSED || this == PROTECTED;
    }
}
