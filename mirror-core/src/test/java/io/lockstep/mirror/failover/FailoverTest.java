package io.lockstep.mirror.failover;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.mirror.failover.FailureDetector.Verdict;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FailoverTest {
    private static final long DETECT = 80;

    private final FailureDetector detector = new FailureDetector(DETECT, 0);

    private Verdict judgeUntil(long from, long to) {
        Verdict verdict = Verdict.HEALTHY;
        for (long now = from; now <= to; now += 10) {
            verdict = detector.judge(now);
        }
        return verdict;
    }

    @Test
    void shouldTellASilentLinkFromASilentHost() {
        assertEquals(Verdict.HEALTHY, judgeUntil(0, 70));
        detector.seenOnStorage(70);
        assertEquals(Verdict.LINK_SILENT, judgeUntil(80, 140));
        assertEquals(Verdict.HOST_SILENT, judgeUntil(150, 150));
        detector.heardOnNetwork(150);
        assertEquals(Verdict.HEALTHY, judgeUntil(160, 220));
        assertEquals(Verdict.HOST_SILENT, judgeUntil(230, 230));
    }

    @Test
    void shouldAccuseNobodyAfterItsOwnPause() {
        assertEquals(Verdict.HEALTHY, judgeUntil(0, 60));
        assertEquals(Verdict.HEALTHY, detector.judge(10_000), "it was stopped itself");
        assertEquals(Verdict.HEALTHY, judgeUntil(10_010, 10_070));
        assertEquals(Verdict.HOST_SILENT, judgeUntil(10_080, 10_080));
    }

    @Test
    void shouldNotBelieveOldNews() {
        detector.heardOnNetwork(50);
        detector.heardOnNetwork(20);
        assertEquals(50, detector.lastHeardNs());
    }

    @Test
    void shouldHaveATableThatLeadsEverywhereAndOutOfNoFinalState() {
        for (MirrorState state : MirrorState.values()) {
            boolean start = state == MirrorState.STARTING || state == MirrorState.WAITING;
            boolean reachable = false;
            for (MirrorState before : MirrorState.values()) {
                reachable |= state.mayFollow(before);
                assertFalse(before.isFinal() && state.mayFollow(before), before + " -> " + state);
            }
            assertTrue(reachable || start, state + " cannot be reached");
            assertFalse(state.mayFollow(state), state + " follows itself");
        }
    }

    @Test
    void shouldGoLiveOnlyThroughAClaim() {
        for (MirrorState before : MirrorState.values()) {
            assertEquals(before == MirrorState.CLAIMING, MirrorState.ACTIVATING.mayFollow(before), before.toString());
            assertEquals(before == MirrorState.ACTIVATING, MirrorState.LIVE.mayFollow(before), before.toString());
            assertEquals(before == MirrorState.ARMING, MirrorState.PROTECTED.mayFollow(before), before.toString());
        }
        for (MirrorState protectedState :
                new MirrorState[] {MirrorState.ARMING, MirrorState.PROTECTED, MirrorState.HANDING_OVER}) {
            assertFalse(MirrorState.SIMPLEX.mayFollow(protectedState), protectedState + " -> SIMPLEX without a term");
        }
    }

    @Test
    void shouldBeLoudAboutAnIllegalStepAndStayWhereItIs() {
        List<String> told = new ArrayList<>();
        StateCell cell = new StateCell("vm", MirrorState.STARTING, (from, to, why, now) -> told.add(from + ">" + to));
        cell.become(MirrorState.SIMPLEX, "because", 1);
        String message = assertThrows(IllegalStateException.class, () -> cell.become(MirrorState.PROTECTED, "wish", 2))
                .getMessage();
        assertTrue(message.contains("SIMPLEX -> PROTECTED") && message.contains("wish"), message);
        assertEquals(MirrorState.SIMPLEX, cell.state());
        assertEquals("because", cell.reason());
        assertEquals(List.of("STARTING>SIMPLEX"), told);
    }
}
