package io.lockstep.redirect.copies;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.regions.CopyState;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StartPlanTest {
    private static final CopyState OLD = CopyState.UNKNOWN.equalTo(10);
    private static final CopyState ALONE = OLD.alone(11, 10);
    private static final MirrorConfig CONFIG = MirrorConfig.of("web");

    private final List<String> refusals = new ArrayList<>();

    private StartPlan plan(CopyState first, CopyState second, boolean marked, MirrorConfig.Source source) {
        return StartPlan.of(
                new StartPlan.Side("a", first, marked, true),
                new StartPlan.Side("b", second, false, true),
                CONFIG.withSource(source),
                refusals);
    }

    private StartPlan plan(CopyState first, CopyState second) {
        return plan(first, second, false, MirrorConfig.Source.REFUSE);
    }

    @Test
    void shouldTakeEqualTokensAsEqualUnlessSomethingIsMarked() {
        assertEquals(-1, plan(OLD, OLD).source());
        assertEquals(0, plan(OLD, OLD, true, MirrorConfig.Source.SECOND).source(), "the configuration has no say");
    }

    @Test
    void shouldFollowTheCopyThatWasWrittenToAlone() {
        assertEquals(1, plan(OLD, ALONE).source());
        assertEquals(0, plan(ALONE, OLD).source());
        assertEquals(0, plan(ALONE, OLD.filling(10)).source());
        assertEquals(0, plan(OLD, OLD.filling(10)).source());
        assertEquals(1, plan(OLD.leftBehind(), OLD).source());
        assertEquals(false, plan(ALONE, OLD).full());
    }

    @Test
    void shouldRefuseCopiesThatBothWentOnOrDoNotKnowEachOther() {
        assertNull(plan(OLD.alone(11, 10), OLD.alone(12, 10)));
        assertTrue(refusals.get(0).contains("token b based on a"), refusals.get(0));
        assertNull(plan(OLD, CopyState.UNKNOWN));
        assertNull(plan(CopyState.UNKNOWN, CopyState.UNKNOWN));
        assertNull(plan(OLD.filling(10), OLD.filling(10)));
        assertNull(plan(OLD, CopyState.UNKNOWN, false, MirrorConfig.Source.EQUAL));
        StartPlan told = plan(CopyState.UNKNOWN, OLD, false, MirrorConfig.Source.SECOND);
        assertTrue(told.full() && told.source() == 1);
    }

    @Test
    void shouldNotStartWithoutTheCopyThatIsRight() {
        StartPlan.Side gone = new StartPlan.Side("a", ALONE, true, false);
        StartPlan.Side here = new StartPlan.Side("b", OLD, false, true);
        assertNull(StartPlan.of(gone, here, CONFIG, refusals));
        assertTrue(refusals.get(0).contains("copy a is the one that is right"), refusals.get(0));
        assertEquals(
                1,
                StartPlan.of(new StartPlan.Side("a", OLD, true, false), here, CONFIG, refusals)
                        .source());
    }

    @Test
    void shouldNameEveryReasonAgainstTwoPlaces() {
        MirrorRig rig = new MirrorRig();
        rig.devices[0].geometry = new BlockGeometry(MirrorRig.DISK / 2, 512, 4096, 1 << 20, true, true, true);
        rig.devices[1].geometry = new BlockGeometry(MirrorRig.DISK, 4096, 4096, 1 << 20, false, true, true);
        String text = assertThrows(MirrorRefusedException.class, rig::start).getMessage();
        assertTrue(text.contains("copy a is read-only"), text);
        assertTrue(text.contains("524288 and 1048576 bytes"), text);
        assertTrue(text.contains("blocks of 512 and 4096"), text);
        assertTrue(text.contains("its region log is of a disk of 1048576"), text);
        MirrorRig same = new MirrorRig();
        text = assertThrows(MirrorRefusedException.class, () -> same.start(same.devices[0], same.devices[0]))
                .getMessage();
        assertTrue(text.contains("the same device"), text);
        assertThrows(IllegalArgumentException.class, () -> new Copy("", null, null, ""));
        assertThrows(IllegalArgumentException.class, () -> CONFIG.withQueue(-1, 1));
    }
}
