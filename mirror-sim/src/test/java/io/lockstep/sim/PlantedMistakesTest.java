package io.lockstep.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.mirror.MirrorPolicy;
import io.lockstep.mirror.failover.MirrorState;
import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.memory.PageSet;
import io.lockstep.mirror.record.AckLevel;
import io.lockstep.mirror.record.Blob;
import io.lockstep.mirror.record.BulkReader;
import io.lockstep.mirror.record.ControlWriter;
import io.lockstep.mirror.record.Encoding;
import io.lockstep.mirror.spi.Arbiter;
import io.lockstep.mirror.spi.DirtyTracker;
import io.lockstep.mirror.spi.FramePort;
import io.lockstep.mirror.spi.GuestVm;
import io.lockstep.mirror.spi.Interconnect;
import io.lockstep.mirror.spi.StandbyVm;
import java.util.List;
import java.util.function.Supplier;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
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
                return new Forwarding(nic) {
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
                return new AckForger(link);
            }
        }));
    }

    @Test
    void shouldSeeAReplicaThatLosesWrites() {
        assertEquals("I5", firstFound(() -> new Wiring() {
            @Override
            public StandbyVm standby(StandbyVm standby) {
                return new Forgetful((SimStandby) standby);
            }
        }));
    }

    @Test
    void shouldSeeADirtyBitThatIsClearedTooEarly() {
        assertEquals("I5", firstFound(() -> new Wiring() {
            @Override
            public DirtyTracker tracker(DirtyTracker tracker) {
                return new Absent(tracker);
            }
        }));
    }

    @Test
    void shouldSeeATermThatIsGrantedTwice() {
        assertEquals("I2", firstFound(() -> new Wiring() {
            @Override
            public Arbiter arbiter(int node, Arbiter arbiter) {
                return new Generous(arbiter);
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
                        lease + 1,
                        p.windowSlots(),
                        p.heldOutputBytes(),
                        p.compression());
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
            for (long page = 1; page < 9; page++) {
                simulation
                        .cluster()
                        .damage(simulation.cluster().node(1).standby().image(), page);
            }
            simulation.run(60_000_000L);
            List<String> events = simulation.lastEvents(200);
            String divergence = events.stream()
                    .filter(event -> event.contains("DIVERGENCE"))
                    .findFirst()
                    .orElse(null);
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

    private static class Forwarding implements FramePort {
        private final FramePort port;

        Forwarding(FramePort port) {
            this.port = port;
        }

        @Override
        public int poll(Handler handler, int limit) {
            return port.poll(handler, limit);
        }

        @Override
        public boolean offer(DirectBuffer buffer, int offset, int length) {
            return port.offer(buffer, offset, length);
        }
    }

    /** Answers the end of each epoch itself. */
    private static final class AckForger implements Interconnect, BulkReader.Visitor {
        private final Interconnect link;
        private final BulkReader reader = new BulkReader();
        private final ControlWriter writer = new ControlWriter();
        private final UnsafeBuffer frame = new UnsafeBuffer(0, 0);
        private MutableDirectBuffer claimed;
        private long generation;
        private long position;
        private int forged;

        AckForger(Interconnect link) {
            this.link = link;
        }

        @Override
        public MutableDirectBuffer claimBulk() {
            claimed = link.claimBulk();
            return claimed;
        }

        @Override
        public void commitBulk(int length) {
            if (length > 0) {
                frame.wrap(claimed, 0, length);
                reader.read(frame, 0, length, this);
            }
            link.commitBulk(length);
        }

        @Override
        public int poll(Listener listener, int limit) {
            int polled = link.poll(listener, limit);
            if (forged > 0) {
                listener.onControl(writer.buffer(), 0, forged);
                forged = 0;
            }
            return polled;
        }

        @Override
        public boolean onFrame(long frameGeneration, long firstPosition, long recordCount) {
            generation = frameGeneration;
            position = firstPosition;
            return true;
        }

        @Override
        public void onEpochEnd(long epoch, long pages, long stateLength, long digest, long chain) {
            forged = writer.ack(AckLevel.RECEIVED, generation, position, epoch, chain);
        }

        @Override
        public void onSyncStart(long imageId, long pageCount, long fromEpoch, long chain) {}

        @Override
        public void onPage(long page, Encoding encoding, long digest, DirectBuffer buffer, int offset, int length) {}

        @Override
        public void onChunk(Blob blob, long blobOffset, long total, DirectBuffer buffer, int offset, int length) {}

        @Override
        public boolean isUp() {
            return link.isUp();
        }

        @Override
        public long incarnation() {
            return link.incarnation();
        }

        @Override
        public String downReason() {
            return link.downReason();
        }

        @Override
        public int maxBulkLength() {
            return link.maxBulkLength();
        }

        @Override
        public boolean sendControl(DirectBuffer buffer, int offset, int length) {
            return link.sendControl(buffer, offset, length);
        }

        @Override
        public void disconnect(String reason) {
            link.disconnect(reason);
        }
    }

    /** Lets the mirror write into a copy of the image, and carries every page over but number 3. */
    private static final class Forgetful implements StandbyVm {
        private final SimStandby standby;
        private final PageRegion copy;

        Forgetful(SimStandby standby) {
            this.standby = standby;
            this.copy = PageRegion.onHeap((int) standby.image().pageCount());
        }

        @Override
        public Phase poll() {
            for (long page = 0; page < copy.pageCount(); page++) {
                if (page != 3) {
                    standby.image().copyFrom(copy, page, page);
                }
            }
            return standby.poll();
        }

        @Override
        public PageRegion memory() {
            return copy;
        }

        @Override
        public PageRegion staging() {
            return standby.staging();
        }

        @Override
        public void activate(byte[] baseline, DirectBuffer state, int length) {
            standby.activate(baseline, state, length);
        }

        @Override
        public GuestVm asGuest() {
            return standby.asGuest();
        }

        @Override
        public String problem() {
            return standby.problem();
        }

        @Override
        public void discard(String reason) {
            standby.discard(reason);
        }
    }

    /** Forgets one page of every fifth harvest. */
    private static final class Absent implements DirtyTracker {
        private final DirtyTracker tracker;
        private int harvests;

        Absent(DirtyTracker tracker) {
            this.tracker = tracker;
        }

        @Override
        public void harvest(PageSet into) {
            PageSet found = new PageSet(into.pageCount());
            tracker.harvest(found);
            if (++harvests % 5 == 0) {
                found.remove(Math.max(0, found.next(1)));
            }
            for (long page = found.next(0); page >= 0; page = found.next(page + 1)) {
                into.add(page);
            }
        }

        @Override
        public String name() {
            return "forgetful";
        }

        @Override
        public void close() {
            tracker.close();
        }
    }

    /** Everybody wins. */
    private static final class Generous implements Arbiter {
        private final Arbiter arbiter;

        Generous(Arbiter arbiter) {
            this.arbiter = arbiter;
        }

        @Override
        public void claim(long expectedTerm, String why) {
            arbiter.claim(expectedTerm, why);
        }

        @Override
        public Outcome outcome() {
            Outcome outcome = arbiter.outcome();
            return outcome == Outcome.LOST ? Outcome.WON : outcome;
        }

        @Override
        public long highestTerm() {
            return arbiter.highestTerm();
        }

        @Override
        public String detail() {
            return arbiter.detail();
        }
    }
}
