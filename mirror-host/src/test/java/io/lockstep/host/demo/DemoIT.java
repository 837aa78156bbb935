package io.lockstep.host.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lockstep.host.rig.Launcher;
import io.lockstep.host.rig.Leftovers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code ./mirror demo} as a person runs it: real QEMUs, real processes, SIGKILL. */
class DemoIT {
    private static final Duration LIMIT = Duration.ofMinutes(4);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(20);

    @TempDir
    private Path directory;

    private JsonNode run(String... more) throws Exception {
        Path json = directory.resolve("report.json");
        String[] fixed = {"demo", "--memory", "128m", "--seconds", "5", "--json", json.toString()};
        String[] arguments = new String[fixed.length + more.length];
        System.arraycopy(fixed, 0, arguments, 0, fixed.length);
        System.arraycopy(more, 0, arguments, fixed.length, more.length);
        Leftovers leftovers = Leftovers.since();
        try (Launcher demo = Launcher.start(directory, arguments)) {
            int code = demo.awaitEnd(LIMIT);
            assertEquals(0, code, demo::output);
            System.out.println(demo.output().lines().findFirst().orElse(""));
        }
        leftovers.awaitNone(STOP_LIMIT);
        JsonNode report = new ObjectMapper().readTree(json.toFile());
        assertTrue(report.path("verified").asBoolean(), report::toPrettyString);
        assertTrue(report.path("client").path("verified").asBoolean(), report::toPrettyString);
        assertTrue(report.path("client").path("increments").asLong() > 100, report::toPrettyString);
        assertEquals(2000, report.path("client").path("keysReadBack").asLong());
        return report;
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "engine-a", "qemu-a"})
    void shouldGoOnWithTheSameConnectionOnTheOtherHost(String kill) throws Exception {
        JsonNode report = run("--kill", kill);
        assertEquals(kill, report.path("config").path("kill").asText());
        assertEquals("b", report.path("receipt").path("to").asText());
        assertTrue(report.path("receipt").path("term").asLong() >= 2, report::toPrettyString);
        assertTrue(report.path("receipt").path("totalMs").asDouble() > 0, report::toPrettyString);
        assertTrue(report.path("protected").path("pause").path("count").asLong() > 0, report::toPrettyString);
    }

    @Test
    void shouldGoOnAloneWhenThePartnerIsLost() throws Exception {
        assertEquals("host a runs the guest", run("--kill", "b").path("outcome").asText());
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "link"})
    void shouldRunInTwoNetworkNamespaces(String kill) throws Exception {
        JsonNode report = run("--netns", "--kill", kill);
        assertTrue(report.path("config").path("netns").asBoolean());
    }

    /** The copy under the running guest fails, then stands still, then the host, or only its engine, dies. */
    @ParameterizedTest
    @ValueSource(strings = {"a", "qemu-a", "b"})
    void shouldServeTheGuestsDiskThroughEveryFailure(String kill) throws Exception {
        JsonNode report = run("--disk", "--kill", kill);
        assertEquals(2, report.path("diskFaults").size(), report::toPrettyString);
        for (JsonNode fault : report.path("diskFaults")) {
            assertEquals("left", fault.path("disk").path("copy").asText(), report::toPrettyString);
            assertTrue(fault.path("disk").path("counters").path("readsAway").asLong() > 0, report::toPrettyString);
            assertTrue(fault.path("operations").asLong() > 0, report::toPrettyString);
        }
        assertEquals(0, report.path("diskLoad").path("failures").asLong(), report::toPrettyString);
        assertTrue(report.path("diskLoad").path("verified").asLong() > 1000, report::toPrettyString);
    }

    @Test
    void shouldSayEveryErrorOfACommandLine() throws Exception {
        try (Launcher demo = Launcher.start(
                directory, "demo", "--kill", "c", "--epoch", "9h", "--seconds", "0", "--memory", "x", "--quick")) {
            assertEquals(2, demo.awaitEnd(LIMIT), demo::output);
            for (String option : List.of("--kill", "--epoch", "--seconds", "--memory", "--quick")) {
                assertTrue(demo.output().contains(option), demo::output);
            }
        }
    }

    @Test
    void shouldEndInOrderOnCtrlC() throws Exception {
        Leftovers leftovers = Leftovers.since();
        try (Launcher demo =
                Launcher.start(directory, "demo", "--memory", "128m", "--seconds", "120", "--kill", "none")) {
            demo.awaitOutput("PROTECTED:", LIMIT);
            demo.interrupt();
            assertEquals(130, demo.awaitEnd(STOP_LIMIT), demo::output);
            assertTrue(demo.output().contains("stopping ..."), demo::output);
            leftovers.awaitNone(STOP_LIMIT);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"booting the guest", "PROTECTED:"})
    void shouldLeaveNothingWhenItIsKilled(String moment) throws Exception {
        Leftovers leftovers = Leftovers.since();
        try (Launcher demo = Launcher.start(
                directory, "demo", "--netns", "--memory", "128m", "--seconds", "120", "--kill", "none")) {
            demo.awaitOutput(moment, LIMIT);
            demo.kill();
            leftovers.awaitNone(STOP_LIMIT);
        }
    }
}
