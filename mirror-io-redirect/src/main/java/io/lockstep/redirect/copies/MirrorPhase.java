package io.lockstep.redirect.copies;

/** What a mirrored disk as a whole is doing. */
public enum MirrorPhase {
    /** Both copies were found equal or told to be; their logs are being told. Requests wait. */
    STARTING,
    /** Both copies hold every acknowledged write. */
    MIRRORED,
    /** One copy serves alone. */
    DEGRADED,
    /** One copy serves, the other one is being brought up to date. */
    RESYNCING,
    /** No copy works: requests wait, as long and as many as the policy says. */
    SUSPENDED,
    /** No copy works: requests fail. */
    GONE,
    /** Closed. */
    CLOSED;

    /** True if a disk may go from {@code before} to this. */
    public boolean mayFollow(MirrorPhase before) {
        return switch (this) {
            case STARTING -> false;
            case MIRRORED -> before == STARTING || before == RESYNCING;
            case DEGRADED -> before != CLOSED && before != DEGRADED;
            case RESYNCING -> before == DEGRADED;
            case SUSPENDED -> before == DEGRADED;
            case GONE -> before == SUSPENDED;
            case CLOSED -> before != CLOSED;
        };
    }

    boolean serves() {
        return this == MIRRORED || this == DEGRADED || this == RESYNCING;
    }
}
