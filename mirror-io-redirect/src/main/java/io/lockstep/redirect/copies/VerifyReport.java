package io.lockstep.redirect.copies;

/**
 * How a comparison of the two copies goes.
 *
 * @param state where it is
 * @param comparedBytes bytes that were found equal
 * @param totalBytes bytes of the disk
 * @param repeated pieces that were compared again because they were written meanwhile
 * @param differenceOffset first byte of the first block that differs, -1 if none does
 * @param differenceBytes bytes from there to the end of the last different block of the piece
 * @param reason why it is over, in words
 */
public record VerifyReport(
        State state,
        long comparedBytes,
        long totalBytes,
        long repeated,
        long differenceOffset,
        long differenceBytes,
        String reason) {
    /** Where a comparison is. */
    public enum State {
        /** There was none yet. */
        NEVER,
        /** Under way. */
        RUNNING,
        /** Every byte was equal. */
        EQUAL,
        /** A range differs: neither copy is judged by that, an operator has to say which one is right. */
        DIFFERENT,
        /** Ended early. */
        STOPPED
    }
}
