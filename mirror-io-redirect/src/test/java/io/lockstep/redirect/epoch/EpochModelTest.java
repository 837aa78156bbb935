package io.lockstep.redirect.epoch;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EpochModelTest {
    private static final int SEEDS = 400;
    private static final int STEPS = 300;

    @Test
    void shouldGoOnAtTheLastCommitWhateverCrashes() {
        int failovers = 0;
        int resyncs = 0;
        int outages = 0;
        for (long seed = 1; seed <= SEEDS; seed++) {
            EpochModel model = new EpochModel(seed, Mistake.NONE);
            try {
                model.run(STEPS);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
            failovers += model.failovers;
            resyncs += model.resyncs;
            outages += model.outages;
        }
        int taken = failovers;
        int copied = resyncs;
        int dark = outages;
        assertTrue(
                taken > SEEDS && copied > 2 * SEEDS && dark > SEEDS,
                () -> taken + " failovers, " + copied + " resyncs, " + dark + " outages");
    }

    @ParameterizedTest
    @EnumSource(value = Mistake.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
    void shouldFindAPlantedMistake(Mistake mistake) {
        for (long seed = 1; seed <= SEEDS; seed++) {
            try {
                new EpochModel(seed, mistake).run(STEPS);
            } catch (Violation | AssertionError found) {
                return;
            }
        }
        fail(mistake + " was not found in " + SEEDS + " runs");
    }
}
