package io.lockstep.redirect.copies;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BlockVerb;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MirroredDeviceTest {
    private static final long MS = MirrorRig.MS;

    private final MirrorRig rig = new MirrorRig();

    @BeforeEach
    void start() throws MirrorRefusedException {
        rig.start().run(50 * MS);
        assertEquals(MirrorPhase.MIRRORED, rig.phase());
    }

    private void assertEqualCopies() {
        assertArrayEquals(rig.devices[0].content, rig.devices[1].content);
    }

    @Test
    void shouldWriteBothCopiesAndReadThePreferredOne() {
        assertEquals(BlockFault.NONE, rig.writeNow(8192, 4096, 7));
        assertEquals(7, rig.devices[1].content[8192]);
        assertEqualCopies();
        rig.devices[1].content[8192] = 9;
        assertEquals(7, rig.readNow(8192));
    }

    @Test
    void shouldNotIssueAWriteBeforeItIsMarkedInBothLogs() {
        rig.write(0, 4096, 1, new ArrayList<>());
        rig.mirror.doWork(rig.nowNs);
        rig.files[0].runTasks();
        rig.mirror.doWork(rig.nowNs);
        assertFalse(rig.devices[0].log.contains(BlockVerb.WRITE));
        rig.files[1].runTasks();
        rig.mirror.doWork(rig.nowNs);
        assertTrue(rig.devices[0].log.contains(BlockVerb.WRITE) && rig.devices[1].log.contains(BlockVerb.WRITE));
    }

    @Test
    void shouldSayDurablyThatACopyIsStaleBeforeItAcknowledges() throws MirrorRefusedException {
        List<BlockFault> ends = new ArrayList<>();
        rig.writeNow(0, 4096, 1);
        rig.devices[1].dead = true;
        rig.write(0, 4096, 2, ends);
        rig.mirror.doWork(rig.nowNs);
        assertTrue(ends.isEmpty(), "the log's thread has not run");
        rig.work();
        rig.work();
        assertEquals(List.of(BlockFault.NONE), ends);
        rig.devices[1].dead = false;
        rig.restart();
        assertEquals(CopyStatus.LATCHING, rig.mirror.status().second());
        assertEquals(2, rig.readNow(0));
        rig.run(500 * MS);
        assertEquals(MirrorPhase.MIRRORED, rig.phase());
        assertEqualCopies();
    }

    @Test
    void shouldBringAReturningCopyOnlyWhatItMissed() {
        rig.devices[1].dead = true;
        assertEquals(BlockFault.NONE, rig.writeNow(3 * MirrorRig.REGION, 4096, 5));
        assertEquals(MirrorPhase.DEGRADED, rig.phase());
        assertTrue(
                rig.mirror.status().reason().contains("failed"),
                rig.mirror.status().reason());
        rig.run(300 * MS);
        assertEquals(CopyStatus.STALE, rig.mirror.status().second());
        rig.devices[1].dead = false;
        rig.run(3000 * MS);
        assertEquals(MirrorPhase.MIRRORED, rig.phase(), rig.events::toString);
        assertEquals(MirrorRig.REGION, rig.mirror.status().resyncDoneBytes());
        assertEqualCopies();
        rig.run(1000 * MS);
        assertEquals(0, rig.logs[0].markedCount());
    }

    @Test
    void shouldReadFromTheOtherCopyAndRepairTheOneThatCannot() {
        rig.writeNow(0, 4096, 3);
        rig.run(1000 * MS);
        rig.devices[0].failNext(BlockVerb.READ, BlockFault.IO);
        assertEquals(3, rig.readNow(0));
        assertEquals(MirrorPhase.DEGRADED, rig.phase());
        rig.devices[0].content[0] = 99;
        assertEquals(3, rig.readNow(0), "a stale copy is never read");
        rig.run(3000 * MS);
        assertEquals(MirrorPhase.MIRRORED, rig.phase());
        assertEquals(3, rig.devices[0].content[0]);
    }

    @Test
    void shouldGoOnWithoutACopyThatIsFull() {
        rig.devices[0].failNext(BlockVerb.WRITE, BlockFault.NO_SPACE);
        assertEquals(BlockFault.NONE, rig.writeNow(0, 4096, 4));
        assertEquals(CopyStatus.STALE, rig.mirror.status().first());
        assertEquals(4, rig.readNow(0));
    }

    @Test
    void shouldNotWaitForACopyThatHangsAndNotUseItBeforeItsCallsReturned() {
        rig.devices[1].immediate = false;
        rig.devices[1].stuck = true;
        List<BlockFault> ends = new ArrayList<>();
        rig.write(0, 4096, 1, ends);
        rig.run(500 * MS);
        assertTrue(ends.isEmpty());
        rig.run(1000 * MS);
        assertEquals(List.of(BlockFault.NONE), ends);
        assertEquals(BlockFault.NONE, rig.writeNow(0, 4096, 2));
        rig.run(2000 * MS);
        assertEquals(CopyStatus.STALE, rig.mirror.status().second());
        rig.devices[1].stuck = false;
        rig.devices[1].finishAll();
        assertEquals(1, rig.devices[1].content[0], "the write that hung lands on the stale copy only");
        assertEquals(2, rig.readNow(0));
        rig.run(3000 * MS);
        assertEquals(MirrorPhase.MIRRORED, rig.phase());
        assertEqualCopies();
    }

    @Test
    void shouldWriteOverlapsInTheSameOrderOnBothCopies() {
        rig.writeNow(0, 8192, 9);
        rig.devices[0].immediate = false;
        rig.devices[1].immediate = false;
        List<BlockFault> ends = new ArrayList<>();
        rig.write(0, 8192, 1, ends);
        rig.write(4096, 8192, 2, ends);
        rig.write(12288, 4096, 3, ends);
        rig.work();
        assertEquals(2, rig.devices[0].waiting.size(), "the second one waits for the first");
        rig.devices[0].finishAll();
        rig.work();
        assertEquals(0, rig.devices[0].waiting.size());
        rig.run(50 * MS);
        assertEquals(3, ends.size());
        assertEquals(2, rig.devices[0].content[4096]);
        assertEqualCopies();
    }

    @Test
    void shouldWaitWhenNoCopyWorksAndGoOnWhenOneDoes() {
        rig.devices[1].dead = true;
        rig.writeNow(0, 4096, 1);
        rig.devices[0].dead = true;
        List<BlockFault> ends = new ArrayList<>();
        rig.write(0, 4096, 2, ends);
        rig.run(200 * MS);
        for (int i = 0; i < 20; i++) {
            rig.write(65536, 4096, 3, ends);
        }
        assertEquals(MirrorPhase.SUSPENDED, rig.phase());
        assertTrue(
                rig.mirror.status().reason().contains("copy a, the last one"),
                rig.mirror.status().reason());
        assertEquals(4, ends.size(), "at most 16 wait");
        rig.devices[0].dead = false;
        rig.run(200 * MS);
        assertEquals(21, ends.size());
        assertEquals(2, rig.readNow(0));
        assertEquals(MirrorPhase.DEGRADED, rig.phase());
    }

    @Test
    void shouldFailWhatWaitedTooLong() {
        rig.devices[0].dead = true;
        rig.devices[1].dead = true;
        List<BlockFault> ends = new ArrayList<>();
        rig.write(0, 4096, 2, ends);
        rig.run(3000 * MS);
        assertEquals(List.of(BlockFault.IO), ends);
        assertEquals(MirrorPhase.GONE, rig.phase());
        assertEquals(-1, rig.readNow(0));
        rig.devices[0].dead = false;
        rig.devices[1].dead = false;
        rig.run(6000 * MS);
        assertEquals(MirrorPhase.MIRRORED, rig.phase(), rig.events::toString);
        assertEqualCopies();
    }

    @Test
    void shouldKeepTheCopiesEqualThroughDiscardsAndFastZeroes() {
        rig.writeNow(0, 65536, 7);
        rig.devices[1].content[MirrorRig.DISK - 1] = 1;
        BlockRequest discard = new BlockRequest(1);
        discard.discard(MirrorRig.DISK - 8192, 8192, false);
        assertEquals(BlockFault.NONE, rig.now(discard));
        assertEqualCopies();
        BlockRequest zeroes = new BlockRequest(2);
        zeroes.writeZeroes(0, 32768, false, true, true);
        rig.devices[1].failNext(BlockVerb.WRITE_ZEROES, BlockFault.NOT_SUPPORTED);
        assertEquals(BlockFault.NONE, rig.now(zeroes));
        assertEquals(MirrorPhase.MIRRORED, rig.phase());
        assertEqualCopies();
        zeroes.writeZeroes(32768, 32768, false, true, true);
        rig.devices[0].failNext(BlockVerb.WRITE_ZEROES, BlockFault.NOT_SUPPORTED);
        rig.devices[1].failNext(BlockVerb.WRITE_ZEROES, BlockFault.NOT_SUPPORTED);
        assertEquals(BlockFault.NOT_SUPPORTED, rig.now(zeroes));
        assertEquals(7, rig.readNow(32768));
    }

    @Test
    void shouldRefuseWhatCanNeverSucceed() {
        BlockRequest request = new BlockRequest(1);
        request.discard(MirrorRig.DISK, 512, false);
        assertEquals(BlockFault.INVALID, rig.now(request));
        request.writeZeroes(100, 512, false, false, false);
        assertEquals(BlockFault.INVALID, rig.now(request));
        request.status(0, 4096);
        assertEquals(BlockFault.NONE, rig.now(request));
        assertEquals(4096, request.extentLength());
        request.flush();
        assertEquals(BlockFault.NONE, rig.now(request));
        assertTrue(rig.devices[0].log.contains(BlockVerb.FLUSH) && rig.devices[1].log.contains(BlockVerb.FLUSH));
    }

    @Test
    void shouldGiveUpACopyWhoseLogFails() {
        rig.files[0].failWith("No space left on device");
        assertEquals(BlockFault.NONE, rig.writeNow(0, 4096, 1));
        assertEquals(CopyStatus.STALE, rig.mirror.status().first());
        assertTrue(
                rig.mirror.status().firstReason().contains("No space left"),
                rig.mirror.status().firstReason());
        rig.files[0].failWith("");
        rig.run(5000 * MS);
        assertEquals(MirrorPhase.MIRRORED, rig.phase(), rig.events::toString);
        assertEqualCopies();
    }

    @Test
    void shouldWaitWithAllWritesWhileTheLastLogFails() {
        rig.devices[1].dead = true;
        rig.writeNow(0, 4096, 1);
        rig.files[0].failWith("No space left on device");
        List<BlockFault> ends = new ArrayList<>();
        rig.write(5 * MirrorRig.REGION, 4096, 1, ends);
        rig.run(3000 * MS);
        assertTrue(ends.isEmpty());
        assertEquals(1, rig.readNow(0));
        rig.files[0].failWith("");
        rig.run(3000 * MS);
        assertEquals(List.of(BlockFault.NONE), ends);
    }

    @Test
    void shouldServeFromOneCopyAndTakeTheOtherOneLater() throws MirrorRefusedException {
        rig.files[0] = rig.files[0].afterKill();
        rig.files[1] = rig.files[1].afterKill();
        rig.start(rig.devices[0], null);
        assertEquals(BlockFault.NONE, rig.writeNow(0, 4096, 8));
        assertThrows(
                MirrorRefusedException.class, () -> rig.mirror.attach(1, new ScriptedDevice(MirrorRig.DISK / 2), ""));
        rig.mirror.attach(1, rig.devices[1], "");
        rig.run(1000 * MS);
        assertEquals(MirrorPhase.MIRRORED, rig.phase(), rig.events::toString);
        assertEqualCopies();
    }

    @Test
    void shouldFindTheFirstDifferenceAndOnlyWhenThereIsOne() {
        rig.writeNow(0, 65536, 7);
        assertTrue(rig.mirror.startVerify());
        assertFalse(rig.mirror.startVerify());
        rig.run(1000 * MS);
        assertEquals(VerifyReport.State.EQUAL, rig.mirror.verifyReport().state());
        assertEquals(MirrorRig.DISK, rig.mirror.verifyReport().comparedBytes());
        rig.devices[1].content[500_001] ^= 4;
        assertTrue(rig.mirror.startVerify());
        rig.run(1000 * MS);
        VerifyReport report = rig.mirror.verifyReport();
        assertEquals(VerifyReport.State.DIFFERENT, report.state());
        assertEquals(500_001 / 4096 * 4096, report.differenceOffset());
        assertEquals(4096, report.differenceBytes());
    }

    @Test
    void shouldCompareAgainWhatIsWrittenMeanwhile() {
        rig.writeNow(0, 4096, 1);
        rig.devices[0].immediate = false;
        rig.devices[1].immediate = false;
        assertTrue(rig.mirror.startVerify());
        rig.work();
        rig.devices[0].finishAll();
        List<BlockFault> ends = new ArrayList<>();
        rig.write(0, 4096, 2, ends);
        rig.work();
        rig.devices[1].waiting.add(rig.devices[1].waiting.remove(0));
        rig.devices[1].finishAll();
        rig.run(500 * MS);
        assertEquals(1, rig.mirror.verifyReport().repeated());
        assertEquals(VerifyReport.State.EQUAL, rig.mirror.verifyReport().state());
    }

    @Test
    void shouldEndEverythingWhenClosed() {
        rig.devices[0].stuck = true;
        List<BlockFault> ends = new ArrayList<>();
        rig.write(0, 4096, 1, ends);
        rig.work();
        rig.mirror.close();
        rig.mirror.close();
        assertEquals(1, ends.size());
        rig.write(0, 4096, 1, ends);
        assertEquals(BlockFault.NOT_ISSUED, ends.get(1));
    }
}
