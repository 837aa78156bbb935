package io.lockstep.mirror;

import io.lockstep.mirror.replicate.LinkBoard;

/** When a primary that runs alone looks for a partner: at once, and after each failure later, until it is protected. One thread. */
final class PartnerSearch {
    private static final long FIRST_NS = 100_000_000L;
    private static final long MOST_NS = 5_000_000_000L;

    private final LinkBoard board;
    private boolean wanted = true;
    private long againAtNs;
    private long backoffNs = FIRST_NS;

    PartnerSearch(LinkBoard board) {
        this.board = board;
    }

    /** Whether a partner is wanted at all. */
    void want(boolean partner, long nowNs) {
        wanted = partner;
        againAtNs = nowNs;
        if (!partner) {
            board.seek(false);
        }
    }

    /** A link that comes back must not end what the partner can take over, before this side goes on alone. */
    void pause() {
        board.seek(false);
    }

    void failed(long nowNs) {
        board.seek(false);
        againAtNs = nowNs + backoffNs;
        backoffNs = Math.min(2 * backoffNs, MOST_NS);
    }

    void succeeded() {
        backoffNs = FIRST_NS;
    }

    /** Looks; the offer of a partner, or null. */
    LinkBoard.Offer look(long nowNs) {
        board.seek(wanted && nowNs >= againAtNs);
        return wanted ? board.takeOffer() : null;
    }
}
