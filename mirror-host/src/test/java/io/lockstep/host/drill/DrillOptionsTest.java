package io.lockstep.host.drill;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.host.rig.OptionChecks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DrillOptionsTest {
    @TempDir
    private Path home;

    @BeforeEach
    void makeGuest() throws IOException {
        Path guest = Files.createDirectories(home.resolve("build").resolve("guest"));
        Files.createFile(guest.resolve("vmlinuz"));
        Files.createFile(guest.resolve("initrd"));
    }

    @Test
    void shouldTakeDefaults() throws Exception {
        DrillOptions options =
                DrillOptions.check(new DrillOptions.Typed(null, null, null, null, null, List.of()), home);
        assertEquals(EnumSet.allOf(ScenarioKind.class), options.scenarios());
        assertEquals(20, options.rounds());
    }

    @Test
    void shouldPickScenariosInAnyCase() throws Exception {
        DrillOptions options =
                DrillOptions.check(new DrillOptions.Typed("f4, F11", "3", "-5", null, null, List.of()), home);
        assertEquals(EnumSet.of(ScenarioKind.F4, ScenarioKind.F11), options.scenarios());
        assertEquals(3, options.rounds());
        assertEquals(-5, options.seed());
    }

    @Test
    void shouldSayEveryErrorAtOnce() {
        DrillOptions.Typed typed =
                new DrillOptions.Typed("F1,F99", "0", "x", "/no/such/dir/f.json", "/no/guest", List.of("--what"));
        OptionChecks.BadOptions e = assertThrows(OptionChecks.BadOptions.class, () -> DrillOptions.check(typed, home));
        assertEquals(7, e.getMessage().lines().count(), e.getMessage());
        for (String part : List.of("'--what'", "'F99'", "F1, F2", "--rounds", "--seed", "--json", "--guest-dir")) {
            assertTrue(e.getMessage().contains(part), part + " in:\n" + e.getMessage());
        }
    }

    @Test
    void shouldMakeAScenarioForEachKind() {
        for (ScenarioKind kind : ScenarioKind.values()) {
            assertTrue(kind.create() != null && !kind.title().isBlank(), kind.name());
        }
    }
}
