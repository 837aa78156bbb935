package io.lockstep.redirect.route;

import io.lockstep.redirect.block.BlockFault;

/** Writes the receipt of a move, from the first error to the first completion. */
final class Receipts {
    private static final long NOT_YET = Long.MIN_VALUE;

    private final RedirectListener listener;
    private Route from;
    private String reason = "";
    private boolean planned;
    private long detectNs;
    private long errorNs = NOT_YET;
    private long openedNs;
    private long fencedNs;
    private boolean waitsForFirst;
    private Route to;
    private long generation;
    private String fencing = "";
    private int reissued;
    private int rerouted;
    private int stuck;
    private long switches;
    private long plannedMoves;

    Receipts(RedirectListener listener) {
        this.listener = listener;
    }

    long switches() {
        return switches;
    }

    long plannedMoves() {
        return plannedMoves;
    }

    /** The first error of a move counts, also if the next path fails, too. */
    void error(long nowNs, long tookNs) {
        if (errorNs == NOT_YET || waitsForFirst) {
            errorNs = nowNs;
            detectNs = tookNs;
            waitsForFirst = false;
        }
    }

    void begin(Route left, String why, boolean asPlanned) {
        from = left;
        reason = why;
        planned = asPlanned;
    }

    void opened(long nowNs) {
        openedNs = nowNs;
    }

    void fenced(Route active, long newGeneration, String how, Ledger ledger, long nowNs) {
        if (from == null) {
            errorNs = NOT_YET;
            return;
        }
        fencedNs = nowNs;
        to = active;
        generation = newGeneration;
        fencing = how;
        ledger.countMoved();
        reissued = ledger.tally.againNow;
        rerouted = ledger.tally.otherNow;
        stuck = ledger.tally.quarantined;
        switches++;
        plannedMoves += planned ? 1 : 0;
        waitsForFirst = true;
        if (ledger.live() == 0) {
            first(nowNs);
        }
    }

    void onAnswered(BlockFault fault, long nowNs) {
        if (waitsForFirst && fault == BlockFault.NONE) {
            first(nowNs);
        }
    }

    private void first(long nowNs) {
        waitsForFirst = false;
        listener.onReroute(new Reroute(
                from.name(),
                to.name(),
                reason,
                planned,
                generation,
                fencing,
                reissued,
                rerouted,
                stuck,
                detectNs,
                openedNs - errorNs,
                fencedNs - openedNs,
                nowNs - fencedNs));
        from = null;
        errorNs = NOT_YET;
    }
}
