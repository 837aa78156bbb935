package io.lockstep.redirect.regions;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Random use with power cuts, kills and failing writes, against what was promised. */
class RegionLogCrashTest {
    private static final int REGION = 4096;
    private static final int REGIONS = 9000;
    private static final RegionLogConfig CONFIG =
            new RegionLogConfig("web", (long) REGIONS * REGION, REGION, 1000, 500);

    private record Pending(int region, long ticket) {}

    private record Update(CopyState state, long ticket) {}

    private static final class Run {
        private final Random random;
        private final boolean planted;
        private final BitSet promised = new BitSet();
        private final List<Pending> pending = new ArrayList<>();
        private final List<Update> updates = new ArrayList<>();
        private LossyLogFile file = new LossyLogFile();
        private RegionLog log;
        private long nowNs;

        Run(long seed, boolean planted) throws RegionLogException {
            random = new Random(seed);
            this.planted = planted;
            open();
            updates.add(new Update(log.state(), 0));
        }

        private void open() throws RegionLogException {
            log = RegionLog.open(file, CONFIG, file, () -> {});
            if (planted) {
                file.forgetMarks();
            }
        }

        void steps(int count) throws RegionLogException {
            for (int i = 0; i < count; i++) {
                step();
                nowNs += random.nextInt(300);
            }
        }

        private void step() throws RegionLogException {
            int what = random.nextInt(100);
            if (what < 40) {
                int region = random.nextInt(10) < 7 ? random.nextInt(50) : random.nextInt(REGIONS);
                pending.add(new Pending(region, log.mark((long) region * REGION, 1)));
            } else if (what < 55) {
                int region = random.nextInt(60);
                log.clear((long) region * REGION, REGION);
                promised.clear(region);
                pending.removeIf(one -> one.region == region);
            } else if (what < 60) {
                CopyState state = new CopyState(random.nextLong(), random.nextLong(), true, random.nextBoolean(), 0);
                updates.add(new Update(state, log.update(state)));
            } else if (what < 62) {
                file.failWith("Input/output error");
            } else if (what < 66) {
                file.failWith("");
            } else if (what < 80) {
                file.runTasks();
            } else if (what < 98) {
                log.doWork(nowNs);
            } else {
                crash();
            }
            collect();
        }

        private void collect() {
            for (Pending one : pending) {
                if (log.isDurable(one.ticket)) {
                    promised.set(one.region);
                }
            }
            pending.removeIf(one -> promised.get(one.region));
            while (updates.size() > 1 && log.isDurable(updates.get(1).ticket)) {
                updates.remove(0);
            }
        }

        private void crash() throws RegionLogException {
            file = random.nextInt(4) == 0 ? file.afterKill() : file.afterPowerCut(random);
            open();
            for (int region = promised.nextSetBit(0); region >= 0; region = promised.nextSetBit(region + 1)) {
                assertTrue(log.isMarked(region), "region " + region + " was promised and is gone");
            }
            assertTrue(
                    updates.stream().anyMatch(one -> one.state.equals(log.state())),
                    () -> log.state() + " of " + updates);
            pending.clear();
            updates.clear();
            updates.add(new Update(log.state(), 0));
        }
    }

    @Test
    void shouldKeepEveryPromiseThroughAnyCrash() throws RegionLogException {
        for (long seed = 1; seed <= 300; seed++) {
            try {
                new Run(seed, false).steps(600);
            } catch (AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }

    @Test
    void shouldNoticeALogThatPromisesTooMuch() {
        assertThrows(AssertionError.class, () -> {
            for (long seed = 1; seed <= 20; seed++) {
                new Run(seed, true).steps(600);
            }
        });
    }
}
