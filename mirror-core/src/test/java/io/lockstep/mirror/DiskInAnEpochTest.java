package io.lockstep.mirror;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.mirror.MirrorPolicy.Compression;
import io.lockstep.mirror.failover.MirrorState;
import io.lockstep.mirror.record.AckLevel;
import io.lockstep.mirror.spi.Arbiter;
import io.lockstep.mirror.spi.GuestVm;
import io.lockstep.mirror.spi.ReplicaDisk;
import org.junit.jupiter.api.Test;

/** When the disks of both sides are told what. */
class DiskInAnEpochTest {
    private final Rig rig = new Rig(Compression.OFF, AckLevel.RECEIVED);

    @Test
    void shouldWriteThroughOnlyWhileAloneByAWonTerm() {
        assertFalse(rig.disk.holding, "a term is held from the start");
        rig.protect();
        assertTrue(rig.disk.holding);
        rig.primary.unprotect("test");
        rig.ticks(50);
        assertEquals(MirrorState.CLAIMING, rig.primary.state());
        assertTrue(rig.disk.holding, "the term is not won yet");
        rig.terms.outcome = Arbiter.Outcome.WON;
        rig.tick();
        assertEquals(MirrorState.SIMPLEX, rig.primary.state());
        assertFalse(rig.disk.holding);
    }

    @Test
    void shouldNeverWriteThroughWhenTheTermIsLost() {
        rig.protect();
        rig.primary.unprotect("test");
        rig.terms.outcome = Arbiter.Outcome.LOST;
        rig.ticks(50);
        assertEquals(MirrorState.STEPPED_DOWN, rig.primary.state());
        assertTrue(rig.disk.holding);
    }

    @Test
    void shouldCarryTheWholeDiskAndThenWhatIsWritten() {
        rig.protect();
        assertEquals(9, rig.disk.owedTo, "the partner's token");
        assertEquals(7, rig.copy.synchronisedTo, "the primary's token");
        rig.disk.write(923, 4567);
        rig.ticks(1_000);
        assertEquals(4567, rig.copy.value(923));
        assertTrue(rig.disk.sealed >= rig.disk.committed && rig.disk.committed > 20);
        assertTrue(rig.disk.pauses >= rig.disk.sealed);
        assertEquals(rig.copy.committed, rig.secondary.epoch());
    }

    @Test
    void shouldComeBackForBlocksThatMustBeFetched() {
        rig.disk.slowReads = true;
        rig.protect();
        assertEquals(MirrorState.PROTECTED, rig.primary.state(), rig.primary.reason());
        rig.disk.write(977, 88);
        rig.ticks(1_000);
        assertEquals(88, rig.copy.value(977));
    }

    @Test
    void shouldAcknowledgeNothingWhileTheCopyHasNoRoom() {
        rig.protect();
        rig.copy.room = false;
        rig.ticks(100);
        long acked = rig.primary.epoch();
        rig.ticks(2_000);
        assertEquals(acked, rig.primary.epoch());
        rig.copy.room = true;
        rig.ticks(500);
        assertTrue(rig.primary.epoch() > acked);
    }

    @Test
    void shouldAcknowledgeAtLevelJournaledWhatIsDurable() {
        Rig journaled = new Rig(Compression.OFF, AckLevel.JOURNALED);
        journaled.protect();
        assertEquals(MirrorState.PROTECTED, journaled.primary.state(), journaled.primary.reason());
        journaled.copyIsSlow = true;
        journaled.ticks(100);
        long durable = journaled.copy.durable;
        journaled.ticks(2_000);
        assertEquals(durable, journaled.primary.epoch());
        assertTrue(journaled.secondary.epoch() > durable);
    }

    @Test
    void shouldTellEachSideWhatTheOtherWouldKeep() {
        rig.protect();
        assertTrue(rig.disk.partnerDurable > 0 && rig.disk.partnerDurable <= rig.primary.epoch());
        assertTrue(rig.copy.partnerDurable > 0 && rig.copy.partnerDurable <= rig.secondary.epoch());
    }

    @Test
    void shouldCheckpointSoonerWhenMuchIsHeld() {
        rig.protect();
        rig.quiet = true;
        long before = rig.disk.pauses;
        rig.ticks(1_000);
        long usual = rig.disk.pauses - before;
        rig.disk.full = true;
        rig.ticks(1_000);
        assertTrue(rig.disk.pauses - before - usual > 2 * usual);
    }

    @Test
    void shouldLetTheLastWritesOfAGuestThatShutsDownReachTheDisk() {
        rig.protect();
        rig.guest.phase = GuestVm.Phase.POWERED_OFF;
        rig.ticks(10);
        assertEquals(MirrorState.CLAIMING, rig.primary.state());
        assertTrue(rig.disk.holding, "the partner may have taken over");
        rig.terms.outcome = Arbiter.Outcome.WON;
        rig.ticks(10);
        assertEquals(MirrorState.POWERED_OFF, rig.primary.state());
        assertFalse(rig.disk.holding);
        assertEquals(MirrorState.WAITING, rig.secondary.state());
    }

    @Test
    void shouldGiveTheGuestAwayWhenItsDiskIsGone() {
        rig.protect();
        rig.disk.problem = "no path works";
        rig.ticks(20);
        assertEquals(MirrorState.STEPPED_DOWN, rig.primary.state());
        assertTrue(rig.primary.reason().contains("no path works"), rig.primary.reason());
        assertEquals(MirrorState.CLAIMING, rig.secondary.state());
    }

    @Test
    void shouldLoadNothingBeforeTheDiskIsOwned() {
        rig.protect();
        rig.secondary.failover("test");
        rig.terms.outcome = Arbiter.Outcome.WON;
        rig.tick();
        assertEquals(2, rig.copy.ownedBy);
        rig.tick();
        assertFalse(rig.standby.activated);
        rig.copy.ownership = ReplicaDisk.Ownership.OWNED;
        rig.tick();
        assertTrue(rig.standby.activated);
    }

    @Test
    void shouldSayWhyADiskCouldNotBeTaken() {
        rig.protect();
        rig.secondary.failover("test");
        rig.terms.outcome = Arbiter.Outcome.WON;
        rig.tick();
        rig.copy.problem = "another host holds the reservation";
        rig.copy.ownership = ReplicaDisk.Ownership.FAILED;
        rig.tick();
        assertEquals(MirrorState.FAILED, rig.secondary.state());
        assertTrue(rig.secondary.reason().contains("another host holds the reservation"), rig.secondary.reason());
        assertFalse(rig.standby.activated);
    }

    @Test
    void shouldRefuseAGuestWhoseDiskIsLost() {
        rig.protect();
        rig.copy.problem = "the copy is gone";
        rig.ticks(2);
        assertEquals(MirrorState.WAITING, rig.secondary.state());
        assertTrue(rig.secondary.reason().contains("the copy is gone"), rig.secondary.reason());
    }
}
