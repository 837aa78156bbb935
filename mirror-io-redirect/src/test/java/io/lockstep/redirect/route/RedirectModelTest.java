package io.lockstep.redirect.route;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Invariants I3 and I4 under thousands of random histories. A seed of its own: {@code -Dredirect.seed=N}. */
@Timeout(300)
class RedirectModelTest {
    private static final int SEEDS = 4000;

    @Test
    void shouldNeitherLoseNorOvertakeAWrite() {
        Long only = Long.getLong("redirect.seed");
        long first = only == null ? 0 : only;
        int count = only == null ? SEEDS : 1;
        long completed = 0;
        long failed = 0;
        for (long seed = first; seed < first + count; seed++) {
            ModelRun run = new ModelRun(seed, new RedirectDevice.Makers());
            assertEquals("", run.run(), "seed " + seed);
            completed += run.completed;
            failed += run.failed;
        }
        // Most requests must get through, or the runs would prove little.
        assertTrue(failed * 4 < completed, failed + " of " + completed + " failed");
    }
}
