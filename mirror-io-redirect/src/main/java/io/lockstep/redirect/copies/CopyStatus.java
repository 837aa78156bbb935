package io.lockstep.redirect.copies;

/** Where a copy is in its life. */
public enum CopyStatus {
    /** Holds every acknowledged write; may be read. */
    IN_SYNC,
    /** Failed: gets nothing any more, and is about to be called stale durably in the other copy's log. Acknowledgements wait for that. */
    LATCHING,
    /** Misses what is marked in the other copy's log. Never read. */
    STALE,
    /** Gets every new write, and what it missed in the background. Never read. */
    SYNCING;

    /** True if a copy may go from {@code before} to this. */
    public boolean mayFollow(CopyStatus before) {
        return switch (this) {
            case IN_SYNC -> before == SYNCING;
            case LATCHING -> before == IN_SYNC || before == SYNCING;
            case STALE -> before == LATCHING || before == SYNCING;
            case SYNCING -> before == STALE;
        };
    }

    /** True if writes go to the copy. */
    boolean takesWrites() {
        return this == IN_SYNC || this == SYNCING;
    }
}
