package io.lockstep.redirect.epoch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.mirror.memory.PageSet;
import io.lockstep.mirror.spi.ReplicaDisk.Ownership;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockVerb;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class EpochDiskTest {
    private static final int BLOCKS = 4096;

    private final Random random = new Random(7);
    private final UnsafeBuffer page = new UnsafeBuffer(new byte[4096]);

    private DiskHost host() {
        return new DiskHost(BLOCKS, random, DiskHost.COPIES);
    }

    @Test
    void shouldHoldWritesUntilTheirEpochIsCommitted() {
        DiskHost a = host().owned();
        assertTrue(a.write(3, 2, 100).isDone());
        assertTrue(a.flush().isDone());
        a.disk.pauseRequested();
        assertEquals(2, a.harvest().size());
        assertEquals(0, a.harvest().size());
        a.disk.sealed(1);
        assertTrue(a.write(4, 1, 200).isDone());
        a.pump(100);
        assertEquals(0, a.home.blocksWritten);
        a.disk.committed(1);
        a.pumpUntil(() -> a.disk.durableEpoch() == 1);
        assertEquals(100, a.copy()[3]);
        assertEquals(101, a.copy()[4], "the version of the committed epoch, not the newer one");
        assertEquals(200, a.content()[4]);
        assertEquals(1, a.disk.heldBlocks());
        assertTrue(a.disk.read(4, page, 0));
        assertEquals(200, page.getLong(0));
    }

    @Test
    void shouldWriteAdjacentBlocksAtOnceAndZeroesAsZeroes() {
        DiskHost a = host().owned();
        for (int i = 15; i >= 0; i--) {
            a.await(a.write(i, 1, 1 + i));
        }
        a.await(a.zero(100, 200, false));
        a.await(a.write(50, 1, 0));
        a.disk.sealed(1);
        a.disk.committed(1);
        a.pumpUntil(a.disk::isSettled);
        assertEquals(1, a.home.writes);
        assertTrue(a.home.zeroes <= 3, () -> a.home.zeroes + " zeroes");
        assertEquals(0, a.disk.heldBlocks());
    }

    @Test
    void shouldWriteZeroesAsDataWhereTheHomeCannotZero() {
        DiskHost a = host().owned();
        a.home.fault = r -> r.verb() == BlockVerb.WRITE_ZEROES ? BlockFault.NOT_SUPPORTED : BlockFault.NONE;
        a.home.now[5] = new byte[] {1};
        a.await(a.zero(5, 40, false));
        a.disk.sealed(1);
        a.disk.committed(1);
        a.pumpUntil(a.disk::isSettled);
        assertEquals(0, a.copy()[5]);
        assertEquals(40, a.home.blocksWritten);
    }

    @Test
    void shouldKeepTheNewestOfSeveralEpochsAndWriteItOnce() {
        DiskHost a = host().owned();
        a.home.stalled = true;
        for (int epoch = 1; epoch <= 5; epoch++) {
            a.write(9, 1, 10L * epoch);
            a.disk.sealed(epoch);
        }
        a.disk.committed(4);
        a.home.stalled = false;
        a.pumpUntil(() -> a.disk.durableEpoch() == 4);
        assertEquals(40, a.copy()[9]);
        assertEquals(1, a.home.writes);
        assertEquals(1, a.disk.heldBlocks());
    }

    @Test
    void shouldLetWritesWaitWhenFullAndTakeThemForAPause() {
        DiskHost a = host().owned();
        int limit = DiskHost.COPIES.heldLimit() - DiskHost.COPIES.reserveBlocks();
        for (int i = 0; i < limit; i += 16) {
            assertTrue(a.write(i, 16, 1).isDone());
        }
        assertTrue(a.disk.wantsCheckpoint());
        DiskHost.Io waits = a.write(1000, 16, 5);
        DiskHost.Io hint = a.zero(2000, 16, true);
        a.pump(100);
        assertFalse(waits.isDone());
        assertTrue(hint.isDone(), "a hint never waits");
        a.disk.pauseRequested();
        a.pump(1);
        assertTrue(waits.isDone());
        assertEquals(limit + 16, a.harvest().size());
        a.disk.sealed(1);
        DiskHost.Io next = a.write(1100, 16, 5);
        a.pump(100);
        assertFalse(next.isDone());
        a.disk.committed(1);
        a.await(next);
        a.pumpUntil(() -> a.disk.durableEpoch() == 1);
        assertEquals(5, a.copy()[1000]);
    }

    @Test
    void shouldWriteWhatWasHeldBeforeWhatGoesThrough() {
        DiskHost a = host().owned();
        a.await(a.write(1, 4, 10));
        a.disk.sealed(1);
        a.await(a.write(2, 1, 20));
        a.home.stalled = true;
        a.disk.through();
        DiskHost.Io newer = a.write(2, 1, 30);
        DiskHost.Io flush = a.flush();
        a.pump(200);
        assertFalse(newer.isDone());
        assertFalse(flush.isDone());
        a.home.stalled = false;
        a.await(newer);
        a.await(flush);
        assertTrue(a.home.flushes > 0);
        assertEquals(30, a.copy()[2]);
        assertEquals(10, a.copy()[1]);
        PageSet written = a.harvest();
        assertTrue(written.contains(2));
    }

    @Test
    void shouldMarkBeforeItWrites() {
        DiskHost a = host().alone();
        a.pumpUntil(a.disk::isSettled);
        a.log.stuck = true;
        DiskHost.Io io = a.write(40, 1, 1);
        a.pump(200);
        assertFalse(io.isDone());
        assertEquals(0, a.home.blocksWritten);
        a.log.stuck = false;
        a.await(io);
        PageSet owed = new PageSet(BLOCKS);
        a.disk.owe(owed, 0, a.disk.token());
        assertTrue(owed.contains(40));
        assertTrue(owed.size() <= TestLog.REGION_BLOCKS);
        PageSet all = new PageSet(BLOCKS);
        a.disk.owe(all, 0, 12345);
        assertEquals(BLOCKS, all.size());
    }

    @Test
    void shouldTakeANewTokenOnlyWhenSomebodyElseMayHaveTheOldOne() {
        DiskHost a = host().alone();
        a.pumpUntil(a.disk::isSettled);
        long alone = a.disk.token();
        a.disk.hold();
        a.disk.through();
        a.pumpUntil(a.disk::isSettled);
        assertEquals(alone, a.disk.token());
        a.disk.hold();
        a.disk.sealed(1);
        a.disk.through();
        a.pumpUntil(a.disk::isSettled);
        assertTrue(a.disk.token() != alone && a.disk.token() != 0);
        assertEquals(alone, a.log.state().baseToken());
    }

    @Test
    void shouldFollowAndTakeOverAtTheLastCommit() {
        DiskHost a = host().alone();
        DiskHost b = host();
        a.await(a.write(7, 3, 70));
        PageSet owed = new PageSet(BLOCKS);
        a.disk.owe(owed, 0, b.disk.token());
        assertEquals(BLOCKS, owed.size());
        b.disk.synchronising(a.disk.token());
        a.disk.hold();
        a.send(owed, b);
        a.disk.sealed(1);
        assertEquals(0, b.disk.durableEpoch());
        b.disk.commit(1);
        assertEquals(a.disk.token(), b.disk.token());
        b.pumpUntil(() -> b.disk.durableEpoch() == 1);
        assertEquals(a.disk.token(), b.log.durableState().token());
        a.disk.committed(1);
        a.await(a.write(8, 1, 1));
        a.send(a.harvest(), b);
        assertEquals(71, b.content()[8], "a reader sees the last commit");
        DiskHost.Io refused = b.write(1, 1, 1);
        assertEquals(BlockFault.PERMISSION, refused.fault);
        b.disk.dropUnfinished();
        b.disk.own(2);
        b.pumpUntil(() -> b.disk.ownership() == Ownership.OWNED);
        assertEquals(71, b.content()[8]);
        assertEquals(0, b.disk.durableEpoch());
        b.disk.through();
        b.await(b.write(8, 1, 5));
        assertEquals(5, b.copy()[8]);
    }

    @Test
    void shouldNotRunOnACopyThatIsBeingFilled() {
        DiskHost b = host();
        b.disk.synchronising(99);
        b.disk.stage(1, page, 0);
        b.pumpUntil(() -> b.home.blocksWritten > 0);
        DiskHost restarted = b.crash();
        assertFalse(restarted.log.state().consistent());
        restarted.disk.own(1);
        assertEquals(Ownership.FAILED, restarted.disk.ownership());
        assertTrue(restarted.disk.problem().contains("incomplete"));
        b.disk.own(1);
        assertEquals(Ownership.FAILED, b.disk.ownership());
    }

    @Test
    void shouldReadFromThePartnerWhenTheLocalCopyFails() {
        TestDevice away = new TestDevice(BLOCKS, random);
        DiskHost a = new DiskHost(
                DiskHost.COPIES,
                random,
                new TestDevice(BLOCKS, random),
                new TestLog(BLOCKS, random),
                null,
                away,
                Fence.NONE);
        a.owned();
        byte[] theirs = new byte[4096];
        java.util.Arrays.fill(theirs, (byte) 3);
        away.now[50] = theirs;
        a.await(a.write(1, 1, 10));
        a.disk.sealed(1);
        a.home.fault = r -> BlockFault.IO;
        a.log.stuck = true;
        DiskHost.Io read = a.read(50, 1);
        a.pump(300);
        assertFalse(read.isDone(), "not before the local copy is known to be stale");
        a.log.stuck = false;
        a.await(read);
        assertEquals(3, read.buffer.view().getByte(0));
        assertTrue(a.log.durableState().stale());
        assertTrue(a.disk.isAway());
        a.disk.committed(1);
        a.pumpUntil(() -> a.disk.heldBlocks() == 0);
        assertEquals(0, a.disk.durableEpoch());
        assertEquals("", a.disk.problem());
        away.fault = r -> BlockFault.IO;
        DiskHost.Io lost = a.read(51, 1);
        a.pumpUntil(() -> !a.disk.problem().isEmpty());
        assertFalse(lost.isDone());
        assertTrue(a.disk.problem().contains("both copies"), a.disk.problem());
    }

    @Test
    void shouldEndTheProtectionWhenTheReplicasCopyFails() {
        DiskHost b = host();
        b.home.fault = r -> r.verb() == BlockVerb.WRITE ? BlockFault.NO_SPACE : BlockFault.NONE;
        page.putLong(0, 1);
        b.disk.stage(1, page, 0);
        b.disk.commit(1);
        b.pumpUntil(() -> !b.disk.problem().isEmpty());
        assertTrue(b.disk.problem().contains("NO_SPACE"));
        assertEquals(0, b.disk.durableEpoch());
        assertEquals(Ownership.FAILED, b.disk.ownership());
    }

    @Test
    void shouldWriteASharedDiskOnlyWhenTheOldOwnerIsShutOut() {
        List<Fence.Outcome> asked = new ArrayList<>();
        List<Long> terms = new ArrayList<>();
        DiskHost b = new DiskHost(
                DiskHost.SHARED, random, new TestDevice(BLOCKS, random), null, null, null, (term, outcome) -> {
                    terms.add(term);
                    asked.add(outcome);
                });
        b.disk.synchronising(1);
        for (int epoch = 1; epoch <= 3; epoch++) {
            DiskHost.fill(page, 0, epoch);
            b.disk.stage(epoch, page, 0);
            b.disk.stage(10, page, 0);
            b.disk.commit(epoch);
        }
        b.pump(100);
        assertEquals(0, b.home.blocksWritten);
        assertEquals(3, b.content()[10]);
        b.disk.partnerDurable(1);
        assertEquals(4, b.disk.heldBlocks());
        b.disk.own(17);
        b.pump(100);
        assertEquals(List.of(17L), terms);
        assertEquals(0, b.home.blocksWritten);
        assertEquals(Ownership.CLAIMING, b.disk.ownership());
        asked.get(0).onFenced("");
        b.pumpUntil(() -> b.disk.ownership() == Ownership.OWNED);
        assertEquals(3, b.copy()[10]);
        assertEquals(2, b.copy()[2]);
        assertEquals(0, b.copy()[1], "durable on the old owner's side already");
        assertTrue(b.home.flushes > 0);
    }

    @Test
    void shouldSayWhyASharedDiskCannotBeTaken() {
        DiskHost b = new DiskHost(
                DiskHost.SHARED,
                random,
                new TestDevice(BLOCKS, random),
                null,
                null,
                null,
                (term, outcome) -> outcome.onFenced("no reservations"));
        b.disk.own(1);
        b.pump(3);
        assertEquals(Ownership.FAILED, b.disk.ownership());
        assertTrue(b.disk.problem().contains("no reservations"));
    }

    @Test
    void shouldFetchAheadAndForgetWhatChanged() {
        DiskHost a = host().alone();
        a.await(a.write(100, 1, 1));
        assertFalse(a.disk.read(100, page, 0));
        a.pumpUntil(() -> a.disk.read(100, page, 0));
        assertEquals(1, page.getLong(0));
        a.await(a.write(100, 1, 2));
        a.pumpUntil(() -> a.disk.read(100, page, 0));
        assertEquals(2, page.getLong(0));
        a.home.stalled = true;
        assertFalse(a.disk.read(200, page, 0));
        a.home.stalled = false;
        DiskHost.Io newer = a.write(200, 1, 9);
        a.await(newer);
        a.pumpUntil(() -> a.disk.read(200, page, 0));
        assertEquals(9, page.getLong(0));
    }

    @Test
    void shouldForgetWhatNobodyCommittedWhenItFollowsAgain() {
        DiskHost a = host().owned();
        a.await(a.write(1, 1, 1));
        a.disk.sealed(1);
        a.disk.committed(1);
        a.await(a.write(1, 1, 2));
        a.disk.sealed(2);
        a.await(a.write(2, 1, 3));
        a.disk.follow();
        assertEquals(DiskState.FOLLOWING, a.disk.state());
        a.pumpUntil(a.disk::isSettled);
        assertArrayEquals(new long[] {1, 0}, new long[] {a.copy()[1], a.copy()[2]});
        assertEquals(0, a.disk.heldBlocks());
    }

    @Test
    void shouldRefuseBadCallsAndBadParts() {
        DiskHost a = host();
        assertThrows(IllegalStateException.class, a.disk::asGuestDisk);
        assertThrows(IllegalStateException.class, () -> a.disk.stage(BLOCKS, page, 0));
        for (int i = 0; i < 1024; i++) {
            a.disk.stage(i, page, 0);
        }
        a.disk.stage(5, page, 0);
        assertFalse(a.disk.hasRoom());
        assertThrows(IllegalStateException.class, () -> a.disk.stage(2000, page, 0));
        assertThrows(
                IllegalArgumentException.class,
                () -> new EpochDiskConfig(EpochDiskConfig.Topology.COPIES, 1024, 257, 16, 64 << 10));
        assertThrows(
                IllegalArgumentException.class,
                () -> new EpochDiskConfig(EpochDiskConfig.Topology.COPIES, 1024, 64, 500, 64 << 10));
        TestDevice small = new TestDevice(10, random);
        assertThrows(
                IllegalArgumentException.class,
                () -> new DiskHost(
                        DiskHost.COPIES,
                        random,
                        new TestDevice(BLOCKS, random),
                        new TestLog(BLOCKS, random),
                        small,
                        null,
                        Fence.NONE));
    }
}
