package io.lockstep.redirect.route;

import java.util.EnumSet;
import java.util.Set;

/** Where one of the paths is, as the redirect layer sees it. */
public enum PathState {
    /** Never opened, or closed for good. */
    CLOSED,
    /** Is opened with a new generation, to become active. */
    OPENING,
    /** Open with the new generation; makes sure that no older one can do harm. */
    FENCING,
    /** Takes the guest's requests. */
    ACTIVE,
    /** Is opened to see whether it works again. */
    PROBING,
    /** Open and good, and used only for probes. */
    STANDBY,
    /** Left, and something may be stuck in it: not touched until every old call has returned. */
    LEFT,
    /** Left, and nothing of ours is in it: tried again later. */
    DOWN,
    /** Leads to a copy that missed writes: not used again before its owner says that it was made whole. */
    STALE;

    private Set<PathState> predecessors() {
        return switch (this) {
            case CLOSED -> EnumSet.allOf(PathState.class);
            case OPENING -> EnumSet.of(CLOSED, STANDBY, DOWN);
            case FENCING -> EnumSet.of(OPENING);
            case ACTIVE -> EnumSet.of(FENCING);
            case PROBING -> EnumSet.of(CLOSED, DOWN);
            case STANDBY -> EnumSet.of(PROBING);
            case LEFT -> EnumSet.of(OPENING, FENCING, ACTIVE, PROBING, STANDBY);
            case DOWN -> EnumSet.of(LEFT, STALE);
            case STALE -> EnumSet.of(CLOSED, LEFT, DOWN);
        };
    }

    /** True if the step from {@code before} to this state is legal. */
    public boolean mayFollow(PathState before) {
        return predecessors().contains(before);
    }

    /** True if the path is open, or is being opened. */
    public boolean isInUse() {
        return this == OPENING || this == FENCING || this == ACTIVE || this == PROBING || this == STANDBY;
    }
}
