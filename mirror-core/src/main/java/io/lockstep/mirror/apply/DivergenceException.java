package io.lockstep.mirror.apply;

/** The replica is not what the primary says it is (invariant I6). */
public final class DivergenceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final long epoch;
    private final long page;
    private final long expected;
    private final long actual;

    DivergenceException(String what, long epoch, long page, long expected, long actual) {
        super(what);
        this.epoch = epoch;
        this.page = page;
        this.expected = expected;
        this.actual = actual;
    }

    /** The epoch in which the sides differ first. */
    public long epoch() {
        return epoch;
    }

    /** The page that differs, -1 if it is not a page. */
    public long page() {
        return page;
    }

    /** The digest the primary sent. */
    public long expected() {
        return expected;
    }

    /** The digest this side has. */
    public long actual() {
        return actual;
    }
}
