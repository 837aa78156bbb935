package io.lockstep.redirect.route;

import io.lockstep.redirect.path.GenerationStore;

/**
 * Numbers the generations. A number is persisted before it is used; some are persisted ahead, so that a move need not wait for a disk,
 * which may be the one that just failed.
 */
final class Generations {
    private static final int AHEAD = 64;
    private static final int LOW = 8;

    private final GenerationStore store;
    private long used;
    private long persisted;
    private boolean asking;
    private String problem = "";

    Generations(GenerationStore store) {
        this.store = store;
        used = store.highest();
        persisted = used;
        if (used < 0) {
            throw new IllegalArgumentException("the highest generation is " + used + ": must be 0 or more");
        }
    }

    /** The highest that was used. */
    long used() {
        return used;
    }

    /** Why none can be had, empty if that is not known. */
    String problem() {
        return problem;
    }

    /** A number that was never used, or 0 if none is persisted yet. */
    long next() {
        if (used < persisted) {
            return ++used;
        }
        stockUp();
        return used < persisted ? ++used : 0;
    }

    /** Persists some more if few are left; called when the disk serves. */
    void stockUp() {
        if (asking || persisted - used > LOW) {
            return;
        }
        asking = true;
        problem = "";
        long wanted = used + AHEAD;
        store.persist(wanted, why -> {
            asking = false;
            problem = why;
            if (why.isEmpty()) {
                persisted = Math.max(persisted, wanted);
            }
        });
    }
}
