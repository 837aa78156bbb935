package io.lockstep.mirror.lockstep;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Both sides on a tiny machine, over a link in memory, with a clock that the test moves. */
final class LockstepTest {
    private static final int INPUTS = 120;
    private static final int SEEDS = 400;
    private static final int MANY = 200_000;

    private static long[] withoutFailure() {
        Pair pair = new Pair(1);
        finish(pair, INPUTS);
        return Pair.answers(pair.seen.toByteArray());
    }

    private static void finish(Pair pair, int inputs) {
        for (int i = 0; i < MANY && pair.seen.size() < inputs * ToyMachine.REPLY; i++) {
            pair.turn(inputs);
        }
    }

    private static void killedRun(Pair pair) {
        for (int kill = 0; kill < 3; kill++) {
            pair.joinAndWait();
            pair.slowness = 1 + pair.random.nextInt(6);
            for (int turns = pair.random.nextInt(150); turns > 0; turns--) {
                pair.turn(INPUTS);
            }
            pair.killPrimary();
        }
        finish(pair, INPUTS);
    }

    @Test
    void shouldTellTheSameStoryWhateverInstructionThePrimaryDiesAt() {
        long[] expected = withoutFailure();
        assertEquals(INPUTS, expected.length);
        long repeated = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            Pair pair = new Pair(seed);
            try {
                killedRun(pair);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
            assertArrayEquals(expected, Pair.answers(pair.seen.toByteArray()), "seed " + seed);
            repeated += pair.repeatedBytes;
        }
        assertTrue(repeated > 0, "no run had anything to repeat");
    }

    @Test
    void shouldNoticeAnOutputReleasedBeforeItsAcknowledgement() {
        int noticed = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            Pair pair = new Pair(seed);
            pair.slowness = 6;
            pair.joinAndWait();
            pair.link.forgeAcks();
            for (int turns = 100; turns > 0; turns--) {
                pair.turn(INPUTS);
            }
            try {
                pair.killPrimary();
            } catch (AssertionError e) {
                noticed++;
            }
        }
        assertTrue(noticed > SEEDS / 10, "noticed " + noticed);
    }

    @Test
    void shouldNoticeAMachineThatRunsPastTheLastEvent() {
        Pair pair = new Pair(3);
        pair.join(new ToyMachine(1));
        for (int i = 0; i < MANY && pair.secondary.phase() != SecondaryPhase.FAILED; i++) {
            pair.turn(INPUTS);
        }
        assertEquals(SecondaryPhase.FAILED, pair.secondary.phase());
        assertTrue(pair.secondary.reason().contains("the log allows"), pair.secondary.reason());
    }

    @ParameterizedTest
    @EnumSource(
            value = MemoryLink.Fault.class,
            names = {"LOSE", "REPEAT", "SWAP", "FLIP"})
    void shouldNameWhatTheLinkDoesToAnEventAndStillGoLive(MemoryLink.Fault fault) {
        for (long seed = 0; seed < 40; seed++) {
            Pair pair = new Pair(seed);
            pair.joinAndWait();
            pair.link.harm(fault, pair.random.nextInt(10));
            for (int i = 0; i < MANY && pair.primary.phase() != PrimaryPhase.CUT; i++) {
                pair.turn(INPUTS);
            }
            String reason = pair.secondary.reason();
            String wanted =
                    switch (fault) {
                        case LOSE, SWAP -> "after a lost one";
                        case REPEAT -> "repeated";
                        default -> "changed frame";
                    };
            assertEquals(SecondaryPhase.LOST, pair.secondary.phase(), "seed " + seed);
            assertTrue(reason.contains(wanted) && reason.contains("at position"), "seed " + seed + ": " + reason);
            pair.killPrimary();
            finish(pair, INPUTS);
            assertArrayEquals(withoutFailure(), Pair.answers(pair.seen.toByteArray()), "seed " + seed);
        }
    }

    private static Divergence untilDivergence(Pair pair, int inputs) {
        for (int i = 0; i < MANY && pair.primary.phase() != PrimaryPhase.CUT; i++) {
            pair.turn(inputs);
        }
        assertEquals(SecondaryPhase.DIVERGED, pair.secondary.phase(), pair.secondary.reason());
        assertEquals(pair.secondary.divergence(), pair.primary.divergence());
        assertNotNull(pair.primary.divergence(), pair.primary.reason());
        assertThrows(IllegalStateException.class, () -> pair.secondary.goLive((c, ch, b, o, l) -> true));
        return pair.primary.divergence();
    }

    @Test
    void shouldNameThePageOfABitThatNobodyReads() {
        Pair pair = new Pair(5);
        pair.joinAndWait();
        int page = 20; // the guest does not use it, and nobody says it was written
        int at = pair.secondaryMachine.memory().offset(page) + 99;
        pair.secondaryMachine.memory().chunk(page).putByte(at, (byte) 1);
        Divergence found = untilDivergence(pair, Integer.MAX_VALUE);
        assertEquals(Divergence.What.MEMORY, found.what());
        assertEquals(page, found.page());
        assertEquals(pair.secondaryMachine.pageDigest(page), found.actual());
        assertEquals(new ToyMachine().pageDigest(page), found.expected());
        assertTrue(pair.primary.reason().contains("page 20"), pair.primary.reason());
    }

    @Test
    void shouldNoticeABitInARegister() {
        Pair pair = new Pair(6);
        pair.joinAndWait();
        pair.secondaryMachine.flipRegister();
        Divergence found = untilDivergence(pair, Integer.MAX_VALUE);
        assertTrue(found.count() > 0 && found.expected() != found.actual(), found.toString());
    }

    @Test
    void shouldGoOnAloneAfterADivergenceAndJoinAgain() {
        Pair pair = new Pair(7);
        pair.joinAndWait();
        pair.secondaryMachine.flipRegister();
        untilDivergence(pair, INPUTS / 2);
        pair.primary.goAlone("the replica was wrong", pair.nowNs);
        int alone = pair.seen.size();
        for (int i = 0; i < 2_000; i++) {
            pair.turn(INPUTS / 2);
        }
        assertTrue(pair.seen.size() >= alone);
        pair.link.reopen();
        pair.joinAndWait();
        for (int i = 0; i < 200; i++) {
            pair.turn(INPUTS);
        }
        pair.killPrimary();
        finish(pair, INPUTS);
        assertArrayEquals(withoutFailure(), Pair.answers(pair.seen.toByteArray()));
    }

    @Test
    void shouldKeepASlowSecondaryWithinItsBounds() {
        Pair pair = new Pair(8);
        pair.joinAndWait();
        pair.slowness = 10;
        long mostInstructions = 0;
        long mostBytes = 0;
        for (int i = 0; i < 20_000; i++) {
            pair.turn(Integer.MAX_VALUE);
            mostInstructions = Math.max(mostInstructions, pair.primary.lagInstructions());
            mostBytes = Math.max(mostBytes, pair.primary.lagBytes());
        }
        assertEquals(PrimaryPhase.PROTECTED, pair.primary.phase(), pair.primary.reason());
        assertNull(pair.primary.divergence());
        assertTrue(mostInstructions <= Pair.POLICY.maxLagInstructions(), "instructions " + mostInstructions);
        assertTrue(mostBytes <= Pair.POLICY.maxLagBytes(), "bytes " + mostBytes);
        assertTrue(mostInstructions > Pair.POLICY.maxLagInstructions() / 2, "the bound was never near");
    }

    @Test
    void shouldRefuseAnIllegalPolicyAtOnce() {
        String message = assertThrows(IllegalArgumentException.class, () -> new LockstepPolicy(0, 0, 0, 3, 5, 0, -1))
                .getMessage();
        assertEquals(6, message.split(";").length, message);
    }
}
