package io.lockstep.redirect.block;

/** What a disk can be asked. */
public enum BlockVerb {
    /** Fills the buffer. */
    READ,
    /** Stores the buffer. */
    WRITE,
    /** Makes everything that was completed before durable. */
    FLUSH,
    /** The content is not needed any more; reads return anything afterwards. A hint: may do nothing. */
    DISCARD,
    /** Reads return zeroes afterwards. */
    WRITE_ZEROES,
    /** Which part from the offset on is stored, and which reads as zeroes: the first run of equal kind. */
    STATUS;

    /** True if the verb changes what a later read returns. */
    public boolean changesContent() {
        return this == WRITE || this == WRITE_ZEROES || this == DISCARD;
    }
}
