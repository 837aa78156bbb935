package io.lockstep.redirect.epoch;

import java.util.EnumSet;
import java.util.Set;

/** What an {@link EpochDisk} does on this host. */
public enum DiskState {
    /** A journal that was left behind is being applied; requests wait. */
    OPENING,
    /** The partner owns the disk, or nobody does: epochs are staged and committed, the export can be read only. */
    FOLLOWING,
    /** This host has won the term; the old owner is being shut out. */
    CLAIMING,
    /** The guest runs here; what it writes waits for the commit of its epoch. */
    HELD,
    /** The guest runs here alone; what it writes goes to the local copy at once. */
    THROUGH,
    /** Out of use for good: requests wait, {@link EpochDisk#problem()} says why. */
    FAILED;

    /** The states this one may come after. */
    Set<DiskState> predecessors() {
        return switch (this) {
            case OPENING -> EnumSet.noneOf(DiskState.class);
            case FOLLOWING -> EnumSet.of(OPENING, HELD, THROUGH);
            case CLAIMING -> EnumSet.of(FOLLOWING);
            case HELD -> EnumSet.of(CLAIMING, THROUGH);
            case THROUGH -> EnumSet.of(HELD);
            case FAILED -> EnumSet.of(OPENING, FOLLOWING, CLAIMING, HELD, THROUGH);
        };
    }

    /** True if what is committed may go to the home. A disk that both hosts reach is the owner's alone. */
    boolean mayWriteHome(boolean shared, boolean fenced) {
        return switch (this) {
            case OPENING, FAILED -> false;
            case FOLLOWING -> !shared;
            case CLAIMING -> !shared || fenced;
            case HELD, THROUGH -> true;
        };
    }

    /** True if the guest runs on this host. */
    boolean isOwned() {
        return this == HELD || this == THROUGH;
    }
}
