package io.lockstep.redirect.route;

import java.util.EnumSet;
import java.util.Set;

/** Where a redirected disk is in its life. */
public enum DeviceState {
    /** No path was open yet; requests wait. */
    OPENING,
    /** Requests go down the active path. */
    SERVING,
    /** A planned move: what is on its way ends first, what is new waits. */
    DRAINING,
    /** The active path was left; another one is opened and fences it. Requests wait. */
    SWITCHING,
    /** No path works now. Requests wait within their bound, or fail, by policy. */
    NO_PATH,
    /** Ended by an error that trying again cannot mend; the reason says which. */
    FAILED,
    /** Closed by its owner. */
    CLOSED;

    private Set<DeviceState> predecessors() {
        return switch (this) {
            case OPENING -> EnumSet.noneOf(DeviceState.class);
            case SERVING -> EnumSet.of(OPENING, SWITCHING);
            case DRAINING -> EnumSet.of(SERVING);
            case SWITCHING -> EnumSet.of(SERVING, DRAINING, NO_PATH);
            case NO_PATH -> EnumSet.of(OPENING, SWITCHING);
            case FAILED -> EnumSet.of(OPENING, SERVING, DRAINING, SWITCHING, NO_PATH);
            case CLOSED -> EnumSet.allOf(DeviceState.class);
        };
    }

    /** True if the step from {@code before} to this state is legal. */
    public boolean mayFollow(DeviceState before) {
        return predecessors().contains(before);
    }
}
