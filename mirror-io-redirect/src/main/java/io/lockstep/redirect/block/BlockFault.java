package io.lockstep.redirect.block;

/** How a request ended. */
public enum BlockFault {
    /** It was done. */
    NONE,
    /** The medium or the way to it failed; whether the request took effect is unknown. */
    IO,
    /** The medium is full; a write took effect in part or not at all. */
    NO_SPACE,
    /** The request can never succeed: beyond the end, or not a multiple of the block size. */
    INVALID,
    /** The device cannot do this; for a fast write of zeroes: not faster than writing. */
    NOT_SUPPORTED,
    /** The medium is read-only, or this user may not write. */
    PERMISSION,
    /** The device was told to stop before the request was issued: it took no effect and never will. */
    NOT_ISSUED,
    /** The far end has a newer owner: this path is fenced. The request took no effect and never will. */
    FENCED;

    /** True if trying again on the same or on another path may succeed. */
    public boolean isPathFault() {
        return this == IO || this == NOT_ISSUED || this == FENCED;
    }
}
