package io.lockstep.mirror.record;

/**
 * What the peer sent is not a legal record, or not legal here. Ends the link, never the process (invariant I8). The message names the
 * record, the value and the limit.
 */
public final class RecordFault extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** A fault with a message for people. */
    public RecordFault(String message) {
        super(message);
    }

    /** Throws if the condition does not hold. */
    static void require(boolean condition, String what, long value, long limit) {
        if (!condition) {
            throw new RecordFault(what + " is " + value + ", limit " + limit);
        }
    }
}
