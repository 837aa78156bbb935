package io.lockstep.redirect.epoch;

/**
 * This host's copy is left for the partner's: one way. Nothing is read from the partner before the log says durably that this copy is stale,
 * whatever happens to this host meanwhile.
 */
final class Leaving {
    private final Home home;
    private final HomeWriter writer;
    private final CopyMarks marks;
    private boolean underWay;

    Leaving(Home home, HomeWriter writer, CopyMarks marks) {
        this.home = home;
        this.writer = writer;
        this.marks = marks;
    }

    /** True if a failure of the home is a reason to leave it. Only on hold does the partner have everything. */
    boolean isLegal(DiskState state) {
        return state == DiskState.HELD && home.hasAway() && !home.isLeft();
    }

    void begin() {
        if (!underWay) {
            underWay = true;
            writer.stop();
            marks.stale();
        }
    }

    boolean isUnderWay() {
        return underWay;
    }

    void doWork() {
        if (underWay && marks.isStateDurable()) {
            underWay = false;
            home.leave();
        }
        if (home.isLeft()) {
            writer.drop();
        }
    }
}
