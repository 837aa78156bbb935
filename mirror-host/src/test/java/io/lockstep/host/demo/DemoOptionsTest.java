package io.lockstep.host.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.host.rig.OptionChecks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoOptionsTest {
    @TempDir
    private Path home;

    @BeforeEach
    void makeGuest() throws IOException {
        Path guest = Files.createDirectories(home.resolve("build").resolve("guest"));
        Files.createFile(guest.resolve("vmlinuz"));
        Files.createFile(guest.resolve("initrd"));
    }

    private static DemoOptions.Typed typed(
            String epoch, String seconds, String kill, String memory, String... unknown) {
        return new DemoOptions.Typed(
                epoch, seconds, kill, false, null, null, memory, null, false, false, List.of(unknown));
    }

    @Test
    void shouldTakeDefaults() throws Exception {
        DemoOptions options = DemoOptions.check(typed(null, null, null, null), home);
        assertEquals(25, options.epochMs());
        assertEquals(20, options.seconds());
        assertEquals(KillKind.A, options.kill());
        assertEquals(256, options.memoryMib());
        assertNull(options.json());
    }

    @Test
    void shouldReadUnits() throws Exception {
        assertEquals(
                2.5,
                DemoOptions.check(typed("2500us", "9", "qemu-a", "1g"), home).epochMs());
        assertEquals(
                1024, DemoOptions.check(typed("10", "9", "none", "1g"), home).memoryMib());
        assertEquals(
                100, DemoOptions.check(typed("0.1s", "9", "link", "128"), home).epochMs());
    }

    @Test
    void shouldKnowEveryKindOfDamage() {
        for (String option : List.of("a", "b", "qemu-a", "engine-a", "link", "none")) {
            assertNotNull(KillKind.of(option), option);
        }
        assertNull(KillKind.of("A"));
    }

    @Test
    void shouldSayEveryErrorAtOnce() {
        OptionChecks.BadOptions e = assertThrows(
                OptionChecks.BadOptions.class,
                () -> DemoOptions.check(typed("9s", "soon", "everything", "12t", "--fast", "now"), home));
        assertEquals(6, e.getMessage().lines().count(), e.getMessage());
        for (String part : List.of("--fast", "'now'", "--epoch", "--seconds", "--kill", "--memory")) {
            assertTrue(e.getMessage().contains(part), part + " in:\n" + e.getMessage());
        }
    }
}
