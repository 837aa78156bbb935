package io.lockstep.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.mirror.MirrorPolicy;
import io.lockstep.mirror.failover.MirrorState;
import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.spi.Arbiter;
import io.lockstep.mirror.spi.DirtyTracker;
import io.lockstep.mirror.spi.FramePort;
import io.lockstep.mirror.spi.Interconnect;
import io.lockstep.mirror.spi.StandbyVm;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Does the simulator see anything? Each test composes the system with one mistake, and a checker must name the right invariant. */
class PlantedMistakesTest {
    private static final int SEEDS = 60;

    /** The first violation that one of the seeds finds. */
    private static String firstFound(Supplier<Wiring> mistake) {
        for (long seed = 0; seed < SEEDS; seed++) {
            try {
                new Simulation(seed, mistake.get()).run();
            } catch (InvariantViolation e) {
                System.out.println("found by seed " + seed + ": " + e.getMessage());
                return e.invariant();
            }
        }
        return "nothing";
    }

    @Test
    void shouldSeeOutputThatGoesAroundTheGate() {
        String found = firstFound(() -> new Wiring() {
            @Override
            public FramePort nic(FramePort nic, FramePort uplink) {
                return new Mistakes.Forwarding(nic) {
                    @Override
                    public int poll(Handler handler, int limit) {
                        return super.poll(uplink::offer, limit);
                    }
                };
            }
        });
        assertEquals("I1", found);
    }

    @Test
    void shouldSeeAnAcknowledgementThatNobodyGave() {
        assertEquals("I1", firstFound(() -> new Wiring() {
            @Override
            public Interconnect link(Interconnect link) {
                return new Mistakes.AckForger(link);
            }
        }));
    }

    @Test
    void shouldSeeAReplicaThatLosesWrites() {
        assertEquals("I5", firstFound(() -> new Wiring() {
            @Override
            public StandbyVm standby(StandbyVm standby) {
                return new Mistakes.Forgetful((SimStandby) standby);
            }
        }));
    }

    @Test
    void shouldSeeADirtyBitThatIsClearedTooEarly() {
        assertEquals("I5", firstFound(() -> new Wiring() {
            @Override
            public DirtyTracker tracker(DirtyTracker tracker) {
                return new Mistakes.Absent(tracker);
            }
        }));
    }

    @Test
    void shouldSeeATermThatIsGrantedTwice() {
        assertEquals("I2", firstFound(() -> new Wiring() {
            @Override
            public Arbiter arbiter(int node, Arbiter arbiter) {
                return new Mistakes.Generous(arbiter);
            }
        }));
    }

    @Test
    void shouldSeeAStoppedPrimaryThatGoesOnWithoutALease() {
        Wiring noLease = new Wiring() {
            @Override
            public MirrorPolicy primaryPolicy(MirrorPolicy p) {
                long lease = 500_000_000_000L;
                return new MirrorPolicy(
                        p.epochNs(),
                        p.minEpochNs(),
                        p.maxEpochNs(),
                        p.epochsInFlight(),
                        p.heartbeatNs(),
                        lease + 1,
                        lease,
                        3 * (lease + 1),
                        p.windowSlots(),
                        p.heldOutputBytes(),
                        p.compression(),
                        p.ackLevel());
            }
        };
        boolean found = false;
        for (long seed = 0; seed < SEEDS; seed++) {
            stopThePrimaryWithOutputThatMayLeave(new Simulation(seed));
            try {
                stopThePrimaryWithOutputThatMayLeave(new Simulation(seed, noLease));
            } catch (InvariantViolation e) {
                assertEquals("I2", e.invariant(), "seed " + seed);
                found = true;
            }
        }
        assertTrue(found);
    }

    private static void stopThePrimaryWithOutputThatMayLeave(Simulation simulation) {
        simulation.untilProtected(2_000_000_000L);
        Cluster cluster = simulation.cluster();
        cluster.outside().block(0, true);
        simulation.run(15_000_000L);
        cluster.node(0).stopUntil(cluster.world().nowNs + 100_000_000L);
        simulation.run(90_000_000L);
        cluster.outside().block(0, false);
        simulation.run(40_000_000L);
        assertEquals(1, cluster.outside().owner(), "the partner has taken over");
    }

    @Test
    void shouldNameDamageInTheReplicaBeforeItRuns() {
        for (long seed = 100; seed < 130; seed++) {
            Simulation simulation = new Simulation(seed);
            simulation.untilProtected(2_000_000_000L);
            String divergence = null;
            List<String> events = List.of();
            // A page whose new version is staged already is healed by its commit: then damage it once more.
            for (int round = 0; round < 5 && divergence == null; round++) {
                for (long page = 1; page < 9; page++) {
                    simulation
                            .cluster()
                            .damage(simulation.cluster().node(1).standby().image(), page);
                }
                simulation.run(60_000_000L);
                events = simulation.lastEvents(200);
                divergence = events.stream()
                        .filter(event -> event.contains("DIVERGENCE"))
                        .findFirst()
                        .orElse(null);
            }
            assertNotNull(divergence, "seed " + seed + " sees no divergence");
            assertFalse(divergence.contains("page -1"), "seed " + seed + " names no page: " + divergence);
            assertFalse(
                    events.stream().anyMatch(event -> event.contains("is live on node 1")),
                    "seed " + seed + " runs the damaged replica");
        }
    }

    /** A delta carries every word that differs from the shadow, so a damaged word of the shadow is sent once too often, no more. */
    @Test
    void shouldNotLoseAWordToADamagedShadow() {
        for (long seed = 100; seed < 130; seed++) {
            Simulation simulation = new Simulation(seed);
            simulation.untilProtected(2_000_000_000L);
            PageRegion shadow = simulation.cluster().node(0).shadow();
            for (long page = 1; page < 9; page++) {
                int at = shadow.offset(page) + (int) (8 * (seed + page) % PageRegion.PAGE_SIZE);
                shadow.chunk(page).putLong(at, ~shadow.chunk(page).getLong(at));
            }
            simulation.run(60_000_000L);
            assertEquals(
                    MirrorState.PROTECTED,
                    simulation.cluster().node(0).state(),
                    "seed " + seed + ": " + simulation.lastEvents(5));
        }
    }

    /** Memory and shadow changed alike, behind the tracker's and the partner's back: the delta misses the word, the digest does not. */
    @Test
    void shouldNameAWordTheDeltaMissed() {
        for (long seed = 100; seed < 130; seed++) {
            Simulation simulation = new Simulation(seed);
            simulation.untilProtected(2_000_000_000L);
            Node primary = simulation.cluster().node(0);
            while (!primary.isDrained()) {
                simulation.run(1); // an older version under way would put the shadow right again
            }
            for (long page = 1; page < 9; page++) {
                int at = primary.shadow().offset(page) + 8 * 77;
                long word = ~primary.guest().memory().chunk(page).getLong(at);
                primary.guest().memory().chunk(page).putLong(at, word);
                primary.shadow().chunk(page).putLong(at, word);
            }
            simulation.cluster().checker().damageIsHidden();
            boolean named = false;
            try {
                for (int i = 0; i < 100 && !named; i++) {
                    simulation.run(5_000_000L);
                    named = simulation.lastEvents(50).stream().anyMatch(event -> event.contains("DIVERGENCE"));
                }
            } catch (InvariantViolation e) {
                named = e.invariant().equals("I5"); // the checker may look before the page is written again
            }
            assertTrue(named, "seed " + seed + " sees nothing");
        }
    }
}
