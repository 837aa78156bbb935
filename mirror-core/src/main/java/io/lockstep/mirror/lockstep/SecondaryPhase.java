package io.lockstep.mirror.lockstep;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/** Where a secondary is. The table of legal predecessors is the protocol. */
public enum SecondaryPhase {
    /** No machine yet: a checkpoint is expected or arriving. */
    LOADING,
    /** The machine executes what the log allows. */
    FOLLOWING,
    /** The link is lost or brought something illegal; what was received before is being executed, and it can go live. */
    LOST,
    /** Takes nothing from the primary any more, and executes to the end of the log. */
    GOING_LIVE,
    /** The end of the log is reached: the machine can be handed to a new primary. */
    LIVE,
    /** The machines differ: this one must not go live. */
    DIVERGED,
    /** The log and the machine disagree, or there is no whole checkpoint: this one cannot go live. */
    FAILED;

    private static final Map<SecondaryPhase, Set<SecondaryPhase>> PREDECESSORS = new EnumMap<>(SecondaryPhase.class);

    static {
        PREDECESSORS.put(LOADING, EnumSet.noneOf(SecondaryPhase.class));
        PREDECESSORS.put(FOLLOWING, EnumSet.of(LOADING));
        PREDECESSORS.put(LOST, EnumSet.of(FOLLOWING));
        PREDECESSORS.put(GOING_LIVE, EnumSet.of(FOLLOWING, LOST));
        PREDECESSORS.put(LIVE, EnumSet.of(GOING_LIVE));
        PREDECESSORS.put(DIVERGED, EnumSet.of(LOADING, FOLLOWING, LOST, GOING_LIVE));
        PREDECESSORS.put(FAILED, EnumSet.of(LOADING, FOLLOWING, LOST, GOING_LIVE));
    }

    boolean mayFollow(SecondaryPhase before) {
        return PREDECESSORS.get(this).contains(before);
    }

    boolean listens() {
        return this == LOADING || this == FOLLOWING;
    }

    boolean executes() {
        return this == FOLLOWING || this == LOST || this == GOING_LIVE;
    }
}
