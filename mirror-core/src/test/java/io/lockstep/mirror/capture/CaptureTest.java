package io.lockstep.mirror.capture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.mirror.MirrorPolicy;
import io.lockstep.mirror.counters.Counter;
import io.lockstep.mirror.counters.Counters;
import io.lockstep.mirror.memory.PageSet;
import io.lockstep.mirror.spi.DirtyTracker;
import io.lockstep.mirror.spi.NoDisk;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class CaptureTest {
    private static final long MS = 1_000_000;

    private final MirrorPolicy policy = MirrorPolicy.standard();

    @Test
    void shouldStartACheckpointWhenTheEpochIsOver() {
        EpochPacer pacer = new EpochPacer(policy, 0);
        assertFalse(pacer.isDue(policy.epochNs() - 1, 0, false, false));
        assertTrue(pacer.isDue(policy.epochNs(), 0, false, false));
        assertFalse(pacer.isDue(policy.epochNs(), policy.epochsInFlight(), false, false), "too many are in flight");
    }

    @Test
    void shouldHurryWhenOutputWaitsAndNothingIsInFlight() {
        EpochPacer pacer = new EpochPacer(policy, 0);
        assertFalse(pacer.isDue(policy.minEpochNs() - 1, 0, true, false));
        assertTrue(pacer.isDue(policy.minEpochNs(), 0, true, false));
        assertFalse(pacer.isDue(policy.minEpochNs(), 1, true, false));
    }

    @Test
    void shouldLetTheGuestRunMostOfTheTimeWhenPausesAreLong() {
        EpochPacer pacer = new EpochPacer(policy, 0);
        for (int i = 0; i < 100; i++) {
            pacer.resumed(0, 20 * MS);
        }
        assertFalse(pacer.isDue(100 * MS, 0, false, false));
        assertTrue(pacer.isDue(141 * MS, 0, false, false));
    }

    @Test
    void shouldSlowDownToTheLinkButNotForEver() {
        EpochPacer pacer = new EpochPacer(policy, 0);
        for (int i = 0; i < 100; i++) {
            pacer.acknowledged(200 * MS);
        }
        assertFalse(pacer.isDue(150 * MS, 1, false, false));
        for (int i = 0; i < 100; i++) {
            pacer.acknowledged(60_000 * MS);
        }
        assertFalse(pacer.isDue(499 * MS, 1, false, false));
        assertTrue(pacer.isDue(500 * MS, 1, false, false));
    }

    @Test
    void shouldForgetAPageOnlyWhenItsEpochIsAcknowledged() {
        for (long seed = 0; seed < 100; seed++) {
            Random random = new Random(seed);
            int inFlight = 1 + random.nextInt(4);
            PageLedger ledger = new PageLedger(50, NoDisk.NONE, inFlight, new Counters());
            TreeSet<Long> missing = new TreeSet<>(); // what the secondary may not have
            long epoch = 0;
            long acknowledged = 0;
            java.util.Map<Long, Long> carried = new java.util.HashMap<>();
            for (int i = 0; i < 300; i++) {
                long page = random.nextInt(50);
                ledger.owed().add(page);
                missing.add(page);
                carried.remove(page);
                if (epoch - acknowledged < inFlight) {
                    epoch++;
                    for (long owed = ledger.owed().next(0);
                            owed >= 0;
                            owed = ledger.owed().next(owed + 1)) {
                        ledger.handedOver(owed, epoch);
                        carried.put(owed, epoch);
                    }
                } else {
                    acknowledged += 1 + random.nextInt((int) (epoch - acknowledged));
                    ledger.acknowledged(acknowledged);
                    long upTo = acknowledged;
                    missing.removeIf(p -> carried.getOrDefault(p, Long.MAX_VALUE) <= upTo);
                }
                if (random.nextInt(20) == 0) {
                    ledger.handOverFailed();
                    acknowledged = epoch;
                    for (long p : missing) {
                        assertTrue(ledger.owed().contains(p), "seed " + seed + ", page " + p);
                    }
                    carried.clear();
                }
            }
        }
    }

    @Test
    void shouldRefuseMoreEpochsThanItCanRemember() {
        PageLedger ledger = new PageLedger(10, NoDisk.NONE, 1, new Counters());
        ledger.handedOver(1, 1);
        ledger.handedOver(1, 2);
        assertThrows(IllegalStateException.class, () -> ledger.handedOver(1, 3));
        ledger.acknowledged(1);
        ledger.handedOver(1, 3);
    }

    @Test
    void shouldOweEveryPageWhenTheTrackerLostCount() {
        Counters counters = new Counters();
        PageLedger ledger = new PageLedger(10, NoDisk.NONE, 1, counters);
        ledger.harvest(new DirtyTracker() {
            @Override
            public void harvest(PageSet into) {
                throw new IllegalStateException("lost count");
            }

            @Override
            public String name() {
                return "broken";
            }

            @Override
            public void close() {}
        });
        assertEquals(10, ledger.owed().size());
        assertEquals(1, counters.value(Counter.TRACKER_LOST));
    }
}
