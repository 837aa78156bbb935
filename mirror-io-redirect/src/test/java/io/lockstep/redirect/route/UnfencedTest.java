package io.lockstep.redirect.route;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.path.BlockPath.Fencing;
import io.lockstep.redirect.route.RedirectConfig.Unfenced;
import io.lockstep.redirect.route.SimPath.Mood;
import org.junit.jupiter.api.Test;

/** Paths through which nothing can be shut out, and what is stuck in a path that was left. */
class UnfencedTest {
    private static final long MS = Bench.MS;

    private final Bench bench = new Bench(false, true);

    private static RedirectConfig with(Unfenced policy, long settleNs) {
        RedirectConfig.Switching s = RedirectConfig.DEFAULT.switching();
        return RedirectConfig.DEFAULT.withSwitching(new RedirectConfig.Switching(
                s.openTimeoutNs(), s.fenceTimeoutNs(), s.errorAttempts(), policy, settleNs, false));
    }

    @Test
    void shouldWaitForOldCallsToReturn() {
        SimPath a = bench.path("a", true, Fencing.NONE);
        SimPath b = bench.path("b", true, Fencing.NONE);
        bench.start(RedirectConfig.DEFAULT, a, b);
        bench.run(20 * MS);
        a.mood = Mood.FROZEN;
        Bench.Answer old = bench.write(0, 1, 1);
        bench.run(400 * MS);
        Bench.Answer newer = bench.write(0, 1, 2);
        bench.run(1_000 * MS);
        assertNull(newer.fault);
        assertTrue(
                bench.status().reason().contains("may still take effect"),
                bench.status().reason());
        assertEquals(1, bench.status().counts().quarantined());
        a.thaw();
        bench.run(5_000 * MS);
        assertEquals(BlockFault.NONE, old.fault);
        assertEquals(BlockFault.NONE, newer.fault);
        assertEquals(2, bench.lun.block(0));
        assertEquals(0, bench.status().counts().quarantined());
    }

    @Test
    void shouldGoOnAfterTheFarEndsOwnLimitIfItPromisesOne() {
        SimPath a = bench.path("a", false, Fencing.NONE);
        SimPath b = bench.path("b", false, Fencing.NONE);
        bench.start(with(Unfenced.SETTLE, 700 * MS), a, b);
        bench.run(20 * MS);
        a.mood = Mood.FROZEN;
        Bench.Answer write = bench.write(0, 1, 1);
        bench.run(MS);
        a.cut("cable");
        bench.run(600 * MS);
        assertNull(write.fault);
        bench.run(200 * MS);
        assertEquals(BlockFault.NONE, write.fault);
        assertEquals("b", bench.status().active());
    }

    @Test
    void shouldGoOnWhenAPersonVouchesForTheOldPath() {
        SimPath a = bench.path("a", false, Fencing.NONE);
        SimPath b = bench.path("b", false, Fencing.NONE);
        bench.start(RedirectConfig.DEFAULT, a, b);
        bench.run(20 * MS);
        a.mood = Mood.FROZEN;
        Bench.Answer write = bench.write(0, 1, 1);
        bench.run(MS);
        a.dead = true;
        a.cut("cable");
        bench.run(3_000 * MS);
        assertNull(write.fault);
        bench.device.confirmFenced("a");
        bench.run(2_000 * MS);
        assertEquals(BlockFault.NONE, write.fault);
    }

    @Test
    void shouldMarkTheOldCopyStaleBeforeItAnswersAndNeverReadItUntilItIsWhole() {
        Bench other = new Bench(false, true);
        SimPath a = bench.path("a", true, Fencing.NONE);
        SimPath b = other.path("b", true, Fencing.NONE);
        bench.start(with(Unfenced.MARK_STALE, 0), a, b);
        bench.run(20 * MS);
        assertNull(bench.staleMarked, "nothing is stale at the start");
        a.mood = Mood.FROZEN;
        Bench.Answer write = bench.write(0, 1, 1);
        bench.run(500 * MS);
        assertEquals("a", bench.staleCopy);
        assertNull(write.fault);
        bench.staleMarked.onMarked("");
        bench.run(5 * MS);
        assertEquals(BlockFault.NONE, write.fault);
        assertEquals(1, other.lun.block(0));
        a.mood = Mood.GOOD;
        a.thaw();
        bench.run(5_000 * MS);
        assertEquals(1, bench.lun.block(0), "the old write landed, on the stale copy");
        assertEquals(PathState.STALE, bench.status().paths().get(0).state());
        bench.device.rejoin("a");
        bench.run(100 * MS);
        assertEquals(PathState.STANDBY, bench.status().paths().get(0).state());
    }

    @Test
    void shouldNotLetAStuckReadWriteIntoAnAnsweredBuffer() {
        SimPath a = bench.path("a", true, Fencing.NONE);
        SimPath b = bench.path("b", true, Fencing.NONE);
        bench.start(RedirectConfig.DEFAULT, a, b);
        bench.run(20 * MS);
        a.mood = Mood.FROZEN;
        Bench.Answer read = bench.read(0, 1);
        bench.run(500 * MS);
        assertEquals(BlockFault.NONE, read.fault);
        bench.write(0, 1, 9);
        bench.run(MS);
        a.thaw();
        bench.run(MS);
        assertEquals(0, read.value(), "the stuck read filled the client's buffer after the answer");
        assertEquals(0, bench.status().counts().quarantined());
    }

    @Test
    void shouldPushBackWhenTheQuarantineIsFull() {
        Bench fenced = new Bench(true, true);
        SimPath a = fenced.path("a", true, Fencing.GENERATION);
        SimPath b = fenced.path("b", true, Fencing.GENERATION);
        fenced.start(RedirectConfig.DEFAULT.withBounds(new RedirectConfig.Bounds(16, 4)), a, b);
        fenced.run(20 * MS);
        a.mood = Mood.FROZEN;
        for (int i = 0; i < 4; i++) {
            fenced.write(i, 1, 1);
        }
        fenced.run(500 * MS);
        assertEquals("b", fenced.status().active());
        Bench.Answer write = fenced.write(8, 1, 1);
        fenced.run(500 * MS);
        assertNull(write.fault);
        assertEquals(4, fenced.status().counts().quarantined());
        a.thaw();
        fenced.run(5 * MS);
        assertEquals(BlockFault.NONE, write.fault);
        for (int i = 0; i < 16; i++) {
            b.mood = Mood.FROZEN;
            fenced.write(i, 1, 2);
        }
        assertEquals(BlockFault.NOT_ISSUED, fenced.write(0, 1, 3).fault, "beyond the bound on requests");
    }

    @Test
    void shouldNotOpenAPathAgainBeforeItsOldCallsHaveReturned() {
        Bench fenced = new Bench(true, true);
        SimPath a = fenced.path("a", true, Fencing.GENERATION);
        SimPath b = fenced.path("b", true, Fencing.GENERATION);
        fenced.start(RedirectConfig.DEFAULT, a, b);
        fenced.run(20 * MS);
        a.mood = Mood.FROZEN;
        a.moodRequests = 1;
        fenced.write(0, 1, 1);
        fenced.run(5_000 * MS);
        assertEquals(PathState.LEFT, fenced.status().paths().get(0).state());
        a.thaw();
        fenced.run(100 * MS);
        assertEquals(PathState.STANDBY, fenced.status().paths().get(0).state());
        assertEquals(1, fenced.lun.block(0));
    }
}
