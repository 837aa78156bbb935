package io.lockstep.host.drill;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lockstep.host.rig.Launcher;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every failure of {@code ./mirror drill}, each in a run of its own. */
class DrillIT {
    private static final Duration LIMIT = Duration.ofMinutes(6);

    @TempDir
    private Path directory;

    @ParameterizedTest
    @EnumSource
    void shouldSurvive(ScenarioKind kind) throws Exception {
        Path json = directory.resolve("drill.json");
        try (Launcher drill = Launcher.start(directory, "drill", "--only", kind.name(), "--json", json.toString())) {
            int code = drill.awaitEnd(LIMIT);
            assertEquals(0, code, drill::output);
            System.out.println(drill.output());
        }
        JsonNode report = new ObjectMapper().readTree(json.toFile());
        assertTrue(report.path("passed").asBoolean(), report::toPrettyString);
        assertFalse(report.path("rows").isEmpty(), report::toPrettyString);
        for (JsonNode row : report.path("rows")) {
            assertEquals(kind.name(), row.path("scenario").asText());
            assertTrue(row.path("passed").asBoolean(), row::toPrettyString);
        }
    }
}
