package io.lockstep.redirect.epoch;

/** One thing done wrong on purpose. */
enum Mistake {
    NONE,
    /** The log of the marks is lost at a crash. */
    MARKS_LOST,
    /** A flush of the home does nothing. */
    FLUSH_LIES,
    /** The primary hears "durable" when the partner has only committed. */
    DURABLE_TOO_EARLY,
    /** The primary hears "committed" when the epoch is only sealed. */
    COMMITTED_TOO_EARLY,
    /** One block of an epoch is not handed over. */
    BLOCK_NOT_SENT,
    /** The epoch in progress is committed at a takeover. */
    UNFINISHED_COMMITTED,
    /** The journal is torn and loses its last write. */
    JOURNAL_LOST
}
