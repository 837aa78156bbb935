package io.lockstep.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Many seeds of the whole system. {@code -Dmirror.sim.seed=N} runs one seed and prints its trace, {@code -Dmirror.sim.seeds=N} sets how
 * many are run, {@code -Dmirror.sim.first=N} where they begin.
 */
class SimulationTest {
    private static final int SEEDS = Integer.getInteger("mirror.sim.seeds", 1000);
    private static final long FIRST = Long.getLong("mirror.sim.first", 0);
    private static final Long ONE = Long.getLong("mirror.sim.seed");
    private static final int SHOWN = Integer.getInteger("mirror.sim.events", 50);

    @Test
    void shouldKeepEveryPromise() {
        long start = System.nanoTime();
        if (ONE != null) {
            Simulation simulation = new Simulation(ONE);
            try {
                System.out.println(simulation.run());
            } finally {
                simulation.lastEvents(SHOWN).forEach(System.out::println);
            }
            return;
        }
        List<String> failures = new ArrayList<>();
        int lives = 0;
        int failovers = 0;
        for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
            Simulation simulation = new Simulation(seed);
            try {
                Simulation.Outcome outcome = simulation.run();
                lives += outcome.guestLives() ? 1 : 0;
                failovers += outcome.highestTerm() > 1 ? 1 : 0;
            } catch (InvariantViolation e) {
                if (failures.isEmpty()) {
                    simulation.lastEvents(SHOWN).forEach(System.out::println);
                    e.printStackTrace(System.out);
                }
                failures.add("seed " + seed + ": " + e.getMessage());
            }
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf(
                "%d seeds in %.1f s: %d guests live, %d runs changed the term, %d failures%n",
                SEEDS, seconds, lives, failovers, failures.size());
        failures.stream().limit(40).forEach(System.out::println);
        assertTrue(
                failures.isEmpty(),
                () -> failures.size() + " of " + SEEDS + " seeds fail, the first: " + failures.get(0));
    }

    @Test
    void shouldDoTheSameAgainWithTheSameSeed() {
        for (long seed = 1; seed <= 5; seed++) {
            assertEquals(new Simulation(seed).run(), new Simulation(seed).run(), "seed " + seed);
        }
    }
}
