package io.lockstep.hypervisor.riscv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.mirror.lockstep.Divergence;
import io.lockstep.mirror.lockstep.LockstepPolicy;
import io.lockstep.mirror.lockstep.PrimaryPhase;
import io.lockstep.mirror.lockstep.SecondaryPhase;
import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The real machine with the real service, in lockstep over a link in memory; the primary's host is lost at any instruction. */
final class LockstepServiceTest {
    private static final int REQUESTS = 60;
    private static final int SEEDS = 250;
    private static final int MANY = 200_000;
    /** Where the saved state has register x4, which this guest does not use: behind the part's tag. */
    private static final int THREAD_POINTER = 5 * Long.BYTES;

    private static byte[] withoutFailure() {
        try (LockstepService service = new LockstepService(1, REQUESTS)) {
            service.finish();
            return service.transcript();
        }
    }

    @Test
    void shouldAnswerEachRequestOnceWhateverInstructionThePrimaryDiesAt() {
        byte[] expected = withoutFailure();
        assertTrue(new String(expected, StandardCharsets.UTF_8).contains("value 52"));
        long repeated = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            try (LockstepService service = new LockstepService(seed, REQUESTS)) {
                for (int kills = 1 + service.random.nextInt(2); kills > 0; kills--) {
                    service.join();
                    service.slowness = 1 + service.random.nextInt(6);
                    for (int turns = service.random.nextInt(250); turns > 0; turns--) {
                        service.turn();
                    }
                    service.kill();
                }
                service.finish();
                assertArrayEquals(expected, service.transcript(), "seed " + seed);
                repeated += service.repeatedBytes;
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
        assertTrue(repeated > 0, "no run had anything to repeat");
    }

    @ParameterizedTest
    @EnumSource(
            value = LockstepLink.Harm.class,
            names = {"LOSE", "REPEAT", "SWAP", "FLIP"})
    void shouldNameWhatTheLinkDidAndGoLiveWithTheRest(LockstepLink.Harm harm) {
        try (LockstepService service = new LockstepService(9, REQUESTS)) {
            service.join();
            service.link.harm(harm);
            for (int i = 0; i < MANY && service.primary.phase() == PrimaryPhase.PROTECTED; i++) {
                service.turn();
            }
            assertEquals(PrimaryPhase.CUT, service.primary.phase());
            assertEquals(SecondaryPhase.LOST, service.secondary.phase());
            String wanted =
                    switch (harm) {
                        case REPEAT -> "a repeated frame";
                        case FLIP -> "a changed frame";
                        default -> "a frame after a lost one";
                    };
            String reason = service.secondary.reason();
            assertTrue(reason.contains(wanted) && reason.contains("at position"), reason);
            service.kill();
            service.finish();
            assertArrayEquals(withoutFailure(), service.transcript());
        }
    }

    private static Divergence untilDivergence(LockstepService service) {
        for (int i = 0; i < MANY && service.primary.phase() == PrimaryPhase.PROTECTED; i++) {
            service.turn();
        }
        assertEquals(SecondaryPhase.DIVERGED, service.secondary.phase(), service.secondary.reason());
        assertEquals(service.secondary.divergence(), service.primary.divergence());
        return service.primary.divergence();
    }

    @Test
    void shouldNameThePageOfABitThatNobodyReads() {
        try (LockstepService service = new LockstepService(3, Integer.MAX_VALUE)) {
            service.join();
            long page = service.secondaryMachine.memory().pageCount() - 700;
            int at = service.secondaryMachine.memory().offset(page) + 1234;
            service.secondaryMachine.memory().chunk(page).putByte(at, (byte) 0x10);
            Divergence found = untilDivergence(service);
            assertEquals(Divergence.What.MEMORY, found.what());
            assertEquals(page, found.page());
            assertEquals(service.primaryMachine.pageDigest(page), found.expected());
            assertEquals(service.secondaryMachine.pageDigest(page), found.actual());
        }
    }

    @Test
    void shouldNoticeABitInARegister() {
        try (LockstepService service = new LockstepService(4, Integer.MAX_VALUE)) {
            service.join();
            RiscvMachine machine = service.secondaryMachine;
            UnsafeBuffer state = new UnsafeBuffer(new byte[machine.maxStateBytes()]);
            int length = machine.saveState(state, 0);
            String before = machine.describeState();
            state.putByte(THREAD_POINTER, (byte) (state.getByte(THREAD_POINTER) ^ 0x40));
            machine.loadState(state, 0, length);
            assertNotEquals(before, machine.describeState());
            Divergence found = untilDivergence(service);
            assertEquals(Divergence.What.STATE, found.what());
            assertNotEquals(found.expected(), found.actual());
            assertTrue(service.secondary.differingState().contains("pc"), service.secondary.differingState());
        }
    }

    @Test
    void shouldBoundTheLagOfASecondaryTenTimesSlower() {
        LockstepPolicy policy = new LockstepPolicy(2_000, 20_000, 40_000, 1 << 17, 1 << 19, 200_000, 16);
        try (LockstepService service = new LockstepService(5, Integer.MAX_VALUE, policy)) {
            service.join();
            service.slowness = 10;
            long most = 0;
            for (int i = 0; i < 20_000; i++) {
                service.turn();
                most = Math.max(most, service.primary.lagInstructions());
                assertTrue(service.primary.lagBytes() <= policy.maxLagBytes());
            }
            assertEquals(PrimaryPhase.PROTECTED, service.primary.phase(), service.primary.reason());
            assertTrue(most <= policy.maxLagInstructions(), "lag " + most);
            assertTrue(most > policy.maxLagInstructions() / 2, "the bound was never near: " + most);
            assertTrue(service.transcript().length > 0);
        }
    }
}
