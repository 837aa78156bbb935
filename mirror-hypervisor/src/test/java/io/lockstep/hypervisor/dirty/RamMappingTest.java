package io.lockstep.hypervisor.dirty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class RamMappingTest {
    private static final long RAM_BYTES = 8L << 20;

    @Test
    void shouldFindEveryPieceOfTheMemoryFile() throws Exception {
        try (TrackerRig rig = new TrackerRig(RAM_BYTES, 4, false)) {
            List<RamMapping> found = RamMapping.find(rig.writer.pid(), rig.ramFile, RAM_BYTES);
            long pages = 0;
            for (RamMapping mapping : found) {
                pages += mapping.pages();
            }
            assertEquals(rig.memory.pageCount(), pages, found::toString);
            assertTrue(found.stream().anyMatch(mapping -> mapping.firstPage() == 0), found::toString);
        }
    }

    @Test
    void shouldSayHowMuchOfTheMemoryIsMapped() throws Exception {
        try (TrackerRig rig = new TrackerRig(RAM_BYTES, 1, false)) {
            IOException e = assertThrows(
                    IOException.class, () -> RamMapping.find(rig.writer.pid(), rig.ramFile, 2 * RAM_BYTES));
            assertTrue(e.getMessage().contains(RAM_BYTES + " of " + 2 * RAM_BYTES), e.getMessage());
        }
    }
}
