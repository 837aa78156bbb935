package io.lockstep.redirect.route;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.path.BlockPath.Fencing;
import io.lockstep.redirect.route.SimPath.Mood;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The decisions of the layer, one by one, over scripted paths and a clock that is moved by hand. */
class RedirectDeviceTest {
    private static final long MS = Bench.MS;

    private final Bench bench = new Bench(true, false);
    private final SimPath a = bench.path("a", false, Fencing.GENERATION);
    private final SimPath b = bench.path("b", false, Fencing.GENERATION);

    @Test
    void shouldOpenThePreferredPathWithANewGenerationAndFenceOlderOnes() {
        bench.store.highest = 41;
        bench.start(RedirectConfig.DEFAULT, a, b);
        assertEquals(DeviceState.SERVING, bench.status().state());
        assertEquals("a", bench.status().active());
        assertEquals(List.of("open 42", "fence 42"), a.calls.subList(0, 2));
        assertTrue(bench.store.highest >= 42, "persisted before it was used");
    }

    @Test
    void shouldNotOpenBeforeTheGenerationIsPersisted() {
        bench.store.holds = true;
        bench.start(RedirectConfig.DEFAULT, a);
        assertEquals(List.of(), a.calls);
        assertTrue(bench.status().reason().contains("persisted"), bench.status().reason());
        bench.store.answer();
        bench.run(3 * MS);
        assertEquals("a", bench.status().active());
    }

    @Test
    void shouldIssueAgainInOrderOnlyBehindTheFence() {
        bench.start(RedirectConfig.DEFAULT, a, b);
        bench.run(20 * MS);
        a.mood = Mood.FROZEN;
        Bench.Answer first = bench.write(0, 1, 11);
        Bench.Answer second = bench.write(2, 1, 12);
        Bench.Answer third = bench.write(0, 1, 13);
        Bench.Answer flush = bench.flush();
        bench.run(MS);
        a.cut("cable");
        bench.run(5 * MS);
        int fence = b.calls.lastIndexOf("fence 2");
        assertTrue(fence > 0, b.calls.toString());
        assertEquals(
                List.of("WRITE of 512 at 0", "WRITE of 512 at 1024", "WRITE of 512 at 0", "FLUSH of 0 at 0"),
                withoutProbes(b)
                        .subList(
                                withoutProbes(b).indexOf("fence 2") + 1,
                                withoutProbes(b).size()));
        assertEquals(BlockFault.NONE, first.fault);
        assertEquals(BlockFault.NONE, second.fault);
        assertEquals(BlockFault.NONE, third.fault);
        assertEquals(BlockFault.NONE, flush.fault);
        a.thaw();
        bench.run(MS);
        assertEquals(13, bench.lun.block(0), "the frozen write landed over a newer one");
        Reroute receipt = bench.receipts.get(0);
        assertEquals(3, receipt.reissued());
        assertEquals(1, receipt.rerouted());
        assertEquals("a", receipt.from());
        assertEquals("b", receipt.to());
        assertTrue(receipt.reason().contains("cable"), receipt.reason());
    }

    @Test
    void shouldFlushAgainOnlyWhenTheWritesThatWereIssuedAgainHaveEnded() {
        bench.start(RedirectConfig.DEFAULT, a, b);
        bench.run(20 * MS);
        a.mood = Mood.FROZEN;
        bench.write(0, 1, 21);
        bench.flush();
        bench.run(MS);
        b.mood = Mood.FROZEN;
        a.cut("cable");
        bench.run(2 * MS);
        assertFalse(b.calls.contains("FLUSH of 0 at 0"), b.calls.toString());
        b.mood = Mood.GOOD;
        b.thaw();
        bench.run(2 * MS);
        assertTrue(b.calls.contains("FLUSH of 0 at 0"), b.calls.toString());
    }

    @Test
    void shouldTakeAStallForAFault() {
        bench.start(RedirectConfig.DEFAULT, a, b);
        bench.run(20 * MS);
        a.mood = Mood.FROZEN;
        Bench.Answer write = bench.write(3, 1, 31);
        bench.run(200 * MS);
        assertEquals("a", bench.status().active());
        bench.run(200 * MS);
        assertEquals("b", bench.status().active());
        assertEquals(BlockFault.NONE, write.fault);
        assertEquals(1, bench.status().counts().stalls());
        assertTrue(bench.receipts.get(0).detectNs() >= 250 * MS, bench.receipts.toString());
        assertTrue(bench.receipts.get(0).reason().contains("stalls"), bench.receipts.toString());
    }

    @Test
    void shouldNotAccuseAPathOfAPauseOfItsOwnThread() {
        bench.start(RedirectConfig.DEFAULT, a, b);
        bench.run(20 * MS);
        a.delayNs = () -> 5 * MS;
        Bench.Answer write = bench.write(3, 1, 31);
        bench.run(MS);
        bench.jump(5_000 * MS);
        bench.run(20 * MS);
        assertEquals(BlockFault.NONE, write.fault);
        assertEquals("a", bench.status().active());
    }

    @Test
    void shouldPassOnWhatIsTheDisksAnswer() {
        bench.start(RedirectConfig.DEFAULT, a, b);
        bench.run(20 * MS);
        for (BlockFault fault : List.of(BlockFault.NO_SPACE, BlockFault.NOT_SUPPORTED, BlockFault.PERMISSION)) {
            a.mood = Mood.ERROR;
            a.answer = fault;
            Bench.Answer write = bench.write(0, 1, 1);
            bench.run(MS);
            assertEquals(fault, write.fault);
        }
        assertEquals(BlockFault.INVALID, bench.read(bench.lun.blocks(), 1).fault);
        assertEquals("a", bench.status().active());
    }

    @Test
    void shouldAnswerAnErrorThatEveryPathGives() {
        bench.start(RedirectConfig.DEFAULT, a, b);
        bench.run(20 * MS);
        a.mood = Mood.ERROR;
        b.mood = Mood.ERROR;
        b.moodRequests = 1;
        Bench.Answer read = bench.read(5, 1);
        bench.run(10 * MS);
        assertEquals(BlockFault.IO, read.fault);
        assertEquals("b", bench.status().active(), "a medium's error is no reason to leave the last good path");
        assertEquals(1, bench.status().counts().switches());
    }

    @Test
    void shouldMendAnErrorOnceOnTheOnlyPathByOpeningItAgain() {
        bench.start(RedirectConfig.DEFAULT, a);
        a.mood = Mood.ERROR;
        a.moodRequests = 1;
        Bench.Answer write = bench.write(1, 1, 77);
        bench.run(10 * MS);
        assertEquals(BlockFault.NONE, write.fault);
        assertEquals(77, bench.lun.block(1));
        assertTrue(a.calls.contains("fence 2"), a.calls.toString());
    }

    @Test
    void shouldQueueWithinABoundWhileNoPathWorks() {
        bench.start(RedirectConfig.DEFAULT.withNoPath(new RedirectConfig.NoPath(true, 500 * MS)), a, b);
        a.dead = true;
        b.dead = true;
        a.cut("gone");
        b.cut("gone");
        Bench.Answer early = bench.write(1, 1, 5);
        bench.run(400 * MS);
        assertEquals(DeviceState.NO_PATH, bench.status().state());
        assertTrue(bench.status().reason().contains("dead"), bench.status().reason());
        Bench.Answer late = bench.write(2, 1, 6);
        bench.run(200 * MS);
        assertEquals(BlockFault.NOT_ISSUED, early.fault);
        b.dead = false;
        bench.run(300 * MS);
        assertEquals(BlockFault.NONE, late.fault);
        assertEquals("b", bench.status().active());
    }

    @Test
    void shouldFailAtOnceWhileNoPathWorksIfThePolicySaysSo() {
        bench.start(RedirectConfig.DEFAULT.withNoPath(new RedirectConfig.NoPath(false, MS)), a);
        a.mood = Mood.FROZEN;
        Bench.Answer sent = bench.write(1, 1, 5);
        bench.run(MS);
        a.dead = true;
        a.cut("gone");
        bench.run(100 * MS);
        assertEquals(BlockFault.IO, sent.fault);
        assertEquals(BlockFault.NOT_ISSUED, bench.write(1, 1, 6).fault);
    }

    @Test
    void shouldGoBackToThePreferredPathWithoutAnInterruptionWhenItIsGoodForLongEnough() {
        RedirectConfig config =
                RedirectConfig.DEFAULT.withProbing(new RedirectConfig.Probing(100 * MS, 100 * MS, true, 5, 2_000 * MS));
        bench.start(config, a, b);
        bench.run(20 * MS);
        a.dead = true;
        a.cut("cable");
        bench.run(100 * MS);
        assertEquals("b", bench.status().active());
        a.dead = false;
        bench.run(1_500 * MS);
        assertEquals("b", bench.status().active(), "too early");
        bench.run(1_500 * MS);
        assertEquals("a", bench.status().active());
        assertEquals(1, bench.status().counts().planned());
        assertEquals(0, bench.status().counts().reissued());
        assertEquals(a.calls.lastIndexOf("fence 3") > 0, true, a.calls.toString());
    }

    @Test
    void shouldDrainBeforeAPlannedMove() {
        bench.start(RedirectConfig.DEFAULT, a, b);
        bench.run(20 * MS);
        a.delayNs = () -> 10 * MS;
        Bench.Answer first = bench.write(0, 1, 1);
        bench.run(MS);
        assertTrue(bench.device.moveTo("b", "service"));
        assertFalse(bench.device.moveTo("b", "twice"));
        Bench.Answer second = bench.write(1, 1, 2);
        bench.run(5 * MS);
        assertEquals(DeviceState.DRAINING, bench.status().state());
        bench.run(50 * MS);
        assertEquals(BlockFault.NONE, first.fault);
        assertEquals(BlockFault.NONE, second.fault);
        assertEquals("b", bench.status().active());
        assertEquals(0, bench.status().counts().reissued());
    }

    @Test
    void shouldLeaveAPathThatAMonitorCallsDownAndNotUseItBeforeItIsUp() {
        bench.start(RedirectConfig.DEFAULT, a, b);
        bench.run(20 * MS);
        bench.device.pathDown("a", "host3 is Linkdown");
        bench.run(5 * MS);
        assertEquals("b", bench.status().active());
        bench.run(3_000 * MS);
        assertEquals(PathState.DOWN, bench.status().paths().get(0).state());
        bench.device.pathUp("a");
        bench.run(20 * MS);
        assertEquals(PathState.STANDBY, bench.status().paths().get(0).state());
        assertThrows(IllegalArgumentException.class, () -> bench.device.pathUp("c"));
    }

    @Test
    void shouldRefuseAPathOfAnotherSize() {
        b.geometry = new BlockGeometry(512, 512, 4096, 1 << 20, false, true, true);
        bench.start(RedirectConfig.DEFAULT, a, b);
        bench.run(200 * MS);
        assertTrue(
                bench.status().paths().get(1).reason().contains("512 bytes"),
                bench.status().toString());
        a.dead = true;
        a.cut("gone");
        bench.run(10 * MS);
        assertEquals(DeviceState.NO_PATH, bench.status().state());
    }

    @Test
    void shouldGiveTheDiskToANewerOwnerIfThereCanBeOne() {
        RedirectConfig.Switching s = RedirectConfig.DEFAULT.switching();
        bench.start(
                RedirectConfig.DEFAULT.withSwitching(
                        new RedirectConfig.Switching(s.openTimeoutNs(), s.fenceTimeoutNs(), 2, s.unfenced(), 0, true)),
                a,
                b);
        bench.run(20 * MS);
        bench.lun.fence(1_000);
        Bench.Answer write = bench.write(0, 1, 1);
        bench.run(600 * MS);
        assertEquals(DeviceState.FAILED, bench.status().state());
        assertTrue(
                bench.status().reason().contains("another owner"),
                bench.status().reason());
        assertEquals(BlockFault.NOT_ISSUED, write.fault);
        assertEquals(0, bench.lun.block(0));
    }

    @Test
    void shouldTryTheNextPathIfOneOpensButCannotFence() {
        SimPath c = bench.path("c", false, Fencing.GENERATION);
        bench.start(RedirectConfig.DEFAULT, a, b, c);
        bench.run(20 * MS);
        b.fenceProblem = "the reservation is held by somebody else";
        a.dead = true;
        a.cut("gone");
        bench.run(10 * MS);
        assertEquals("c", bench.status().active());
        assertTrue(b.calls.contains("fence 2"), b.calls.toString());
        assertTrue(c.calls.contains("fence 3"), c.calls.toString());
    }

    @Test
    void shouldEndEverythingWhenClosed() {
        bench.start(RedirectConfig.DEFAULT, a, b);
        a.mood = Mood.FROZEN;
        Bench.Answer write = bench.write(0, 1, 1);
        bench.run(MS);
        bench.device.close();
        bench.device.close();
        assertEquals(BlockFault.IO, write.fault);
        assertEquals(BlockFault.NOT_ISSUED, bench.write(0, 1, 1).fault);
        assertEquals(DeviceState.CLOSED, bench.status().state());
    }

    @Test
    void shouldNameEverythingThatIsWrongInAConfiguration() {
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> new RedirectConfig(
                                new RedirectConfig.Bounds(0, 70_000),
                                DeadlineConfig.DEFAULT,
                                new RedirectConfig.Switching(1, 1, 1, RedirectConfig.Unfenced.SETTLE, 0, false),
                                RedirectConfig.DEFAULT.probing(),
                                RedirectConfig.DEFAULT.noPath()))
                .getMessage();
        assertTrue(message.contains("maxRequests is 0"), message);
        assertTrue(message.contains("maxIssued is 70000"), message);
        assertTrue(message.contains("settleNs"), message);
        SimPath twin = bench.path("a", false, Fencing.NONE);
        assertThrows(IllegalArgumentException.class, () -> bench.start(RedirectConfig.DEFAULT, a, twin));
        assertThrows(IllegalArgumentException.class, () -> bench.start(RedirectConfig.DEFAULT));
    }

    private static List<String> withoutProbes(SimPath path) {
        return path.calls.stream().filter(call -> !call.startsWith("READ")).toList();
    }
}
