package io.lockstep.hypervisor.dirty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every tracker must do: no written page is ever missed. */
class DirtyTrackerTest {
    private static final long RAM_BYTES = 64L << 20;
    private static final long PAGES = RAM_BYTES / 4096;

    @ParameterizedTest
    @EnumSource(names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void shouldRebuildMemoryFromHarvestedPages(TrackerChoice choice) throws Exception {
        long seed = new Random().nextLong(1L << 62);
        try (TrackerRig rig = open(choice, 1)) {
            Random random = new Random(seed);
            for (int epoch = 0; epoch < 40; epoch++) {
                rig.writer.run("write " + random.nextLong(1L << 62) + " " + random.nextInt(3000));
                rig.epoch(true);
                if (epoch % 8 == 7) {
                    rig.assertReplicaEqual("seed " + seed + " epoch " + epoch);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void shouldMissNothingWhileManyThreadsWrite(TrackerChoice choice) throws Exception {
        long seed = new Random().nextLong(1L << 62);
        try (TrackerRig rig = open(choice, 4)) {
            for (int round = 0; round < 4; round++) {
                rig.writer.run("start " + (seed + 100L * round) + " 6");
                for (int epoch = 0; epoch < 10; epoch++) {
                    rig.epoch(false);
                }
                rig.writer.run("stop");
                rig.epoch(true);
                rig.assertReplicaEqual("seed " + seed + " round " + round);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void shouldReportNothingWhenNothingWasWritten(TrackerChoice choice) throws Exception {
        try (TrackerRig rig = open(choice, 1)) {
            rig.writer.run("page 0 " + PAGES + " 1 1");
            rig.epoch(true);
            assertEquals(0, rig.epoch(true));
            rig.writer.run("page 17 1 1 2");
            assertEquals(1, rig.epoch(true));
            assertTrue(rig.dirty.contains(17));
        }
    }

    /** More scattered pages than any buffer on the way has entries. */
    @ParameterizedTest
    @EnumSource(names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void shouldReportEveryOtherPage(TrackerChoice choice) throws Exception {
        try (TrackerRig rig = open(choice, 1)) {
            rig.writer.run("page 0 " + PAGES + " 1 1");
            rig.epoch(true);
            rig.writer.run("page 1 " + PAGES / 2 + " 2 2");
            assertEquals(PAGES / 2, rig.epoch(true));
            rig.assertReplicaEqual("every other page");
        }
    }

    /** Pages that a balloon gives back change without a write. Soft-dirty bits do not show that: no balloon with that tracker. */
    @ParameterizedTest
    @EnumSource(names = {"WP_ASYNC", "COMPARE"})
    void shouldReportPagesThatWereGivenBack(TrackerChoice choice) throws Exception {
        try (TrackerRig rig = open(choice, 1)) {
            rig.writer.run("page 0 " + PAGES + " 1 1");
            rig.epoch(true);
            rig.writer.run("punch 100 3000");
            rig.writer.run("punch 5000 1");
            rig.writer.run("remove 8191 2000");
            rig.writer.run("write 1 100");
            rig.epoch(true);
            rig.assertReplicaEqual("given back");
        }
    }

    private static TrackerRig open(TrackerChoice choice, int pieces) throws Exception {
        TrackerRig rig = new TrackerRig(RAM_BYTES, pieces, choice == TrackerChoice.WP_ASYNC);
        try {
            Support support = support(choice, rig);
            if (!support.ok()) {
                System.err.println("NOT TESTED HERE: tracker " + choice + ": " + support.reason());
            }
            assumeTrue(support.ok(), () -> "tracker " + choice + " is not supported here: " + support.reason());
            rig.track(choice);
            return rig;
        } catch (Exception | Error e) {
            rig.close();
            throw e;
        }
    }

    private static Support support(TrackerChoice choice, TrackerRig rig) {
        return switch (choice) {
            case WP_ASYNC -> rig.session.supported();
            case SOFT_DIRTY -> SoftDirtyTracker.supported(rig.writer.pid());
            case COMPARE, AUTO -> new Support("");
        };
    }
}
