package io.lockstep.hypervisor.dirty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class DirtyTrackersTest {
    private static final long RAM_BYTES = 8L << 20;

    @Test
    void shouldSayWhyNoBetterTrackerWasChosen() throws Exception {
        try (TrackerRig rig = new TrackerRig(RAM_BYTES, 1, false)) {
            String chosen = rig.track(TrackerChoice.AUTO).name();
            assertEquals("wp-async does not work here: QEMU was started without the shim", rig.log.get(0));
            assertEquals(chosen.equals("soft-dirty") ? 2 : 3, rig.log.size(), rig.log::toString);
            assertTrue(rig.log.get(rig.log.size() - 1).endsWith(chosen), rig.log::toString);
        }
    }

    @Test
    void shouldPreferTheShim() throws Exception {
        try (TrackerRig rig = new TrackerRig(RAM_BYTES, 1, true)) {
            String chosen = rig.track(TrackerChoice.AUTO).name();
            assertEquals(rig.session.supported().ok(), chosen.equals("wp-async"), rig.log::toString);
        }
    }

    @Test
    void shouldFailRatherThanReplaceAForcedChoice() throws Exception {
        try (TrackerRig rig = new TrackerRig(RAM_BYTES, 1, false)) {
            assertThrows(IOException.class, () -> rig.track(TrackerChoice.WP_ASYNC));
        }
    }

    /** A lock word that is taken while a page is copied and free at both harvests must not stay taken in the replica. */
    @Test
    void shouldRepeatComparedPagesUntilTheGuestWasPaused() throws Exception {
        try (TrackerRig rig = new TrackerRig(RAM_BYTES, 1, false)) {
            rig.track(TrackerChoice.COMPARE);
            rig.epoch(true);
            rig.writer.run("page 5 1 1 1");
            assertEquals(1, rig.epoch(false));
            assertEquals(1, rig.epoch(false));
            assertEquals(1, rig.epoch(true));
            assertEquals(0, rig.epoch(true));
        }
    }
}
