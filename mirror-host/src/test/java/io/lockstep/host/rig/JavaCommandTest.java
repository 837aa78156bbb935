package io.lockstep.host.rig;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JavaCommandTest {
    @TempDir
    private Path home;

    @Test
    void shouldReadFlagsWithAndWithoutArguments() throws IOException, RigException {
        Files.createDirectories(home.resolve("dev"));
        Files.writeString(home.resolve("dev").resolve("jvm.flags"), "# words\n\n--add-opens  a/b=ALL\n-Xmx96m\n");
        assertEquals(List.of("--add-opens", "a/b=ALL", "-Xmx96m"), JavaCommand.flags(home));
    }

    @Test
    void shouldNameTheFileItMisses() {
        RigException e = assertThrows(RigException.class, () -> JavaCommand.flags(home));
        assertTrue(e.getMessage().contains("jvm.flags"), e.getMessage());
    }

    @Test
    void shouldStartTheSameProgram() throws RigException {
        List<String> line = JavaCommand.line("host", "--config", "x.yaml");
        assertTrue(line.get(0).endsWith("/bin/java"), line.get(0));
        assertTrue(line.contains("-Xmx96m"), line.toString());
        assertEquals(List.of("host", "--config", "x.yaml"), line.subList(line.size() - 3, line.size()));
    }
}
