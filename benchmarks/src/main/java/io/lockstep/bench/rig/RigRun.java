package io.lockstep.bench.rig;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lockstep.bench.report.Environment;
import io.lockstep.host.rig.RigException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Runs the parts one after the other; one that fails does not stop the rest. */
final class RigRun {
    /** Size of every guest. */
    static final int GUEST_MIB = 256;

    private static final int ATTEMPTS = 3;
    private static final Map<String, String> LOADS = loads();

    private final RigOptions options;
    private final Path home;
    private final ObjectMapper mapper = new ObjectMapper();
    private final ObjectNode result = mapper.createObjectNode();
    private final long startNs = System.nanoTime();

    RigRun(RigOptions options, Path home) {
        this.options = options;
        this.home = home;
    }

    private static Map<String, String> loads() {
        Map<String, String> loads = new LinkedHashMap<>();
        loads.put("idle", "");
        loads.put("mem200", "mem:200");
        loads.put("mem4000", "mem:4000");
        loads.put("cpu", "cpu");
        return loads;
    }

    /** Returns the exit code. */
    int run() {
        result.set("environment", Environment.json(home));
        result.putObject("settings")
                .put("guestMib", GUEST_MIB)
                .put("phaseSeconds", options.phase().toSeconds())
                .put("repeat", options.repeat())
                .put("failovers", options.failovers());
        ObjectNode loads = result.putObject("loads");
        LOADS.forEach((name, load) -> part(
                name,
                () -> loads.set(name, new LoadScenario(options, name, load, text -> say(name + ": " + text)).run())));
        part(
                "failover",
                () -> result.set("failover", new FailoverSeries(options, text -> say("failover: " + text)).run()));
        describe(loads);
        Targets.judge(result);
        new ResultTable(System.out, result).print();
        return write() && !result.has("problems") ? 0 : 1;
    }

    /** How QEMU ran, from the first load that was measured. */
    private void describe(ObjectNode loads) {
        for (JsonNode load : loads) {
            String commandLine = load.path("qemu").asText();
            String machine =
                    commandLine.contains("-accel kvm") ? "KVM" : commandLine.contains("-accel tcg") ? "TCG" : "?";
            result.put(
                    "accelerator",
                    machine + ", dirty pages by " + load.path("tracker").asText());
            return;
        }
    }

    /** One part; its result goes where it belongs. */
    private interface Part {
        void run() throws RigException;
    }

    /** On a busy machine a host may be silent for so long that its partner takes over: then the part is measured once more. */
    private void part(String name, Part part) {
        if (!options.parts().contains(name)) {
            return;
        }
        for (int attempt = 1; ; attempt++) {
            String problem = "";
            try {
                part.run();
            } catch (RigException | RuntimeException e) {
                problem = name + ": " + (e instanceof RigException ? e.getMessage() : e.toString());
            }
            clear(options.directory().resolve(name));
            if (problem.isEmpty()) {
                return;
            }
            if (attempt == ATTEMPTS) {
                say("NOT MEASURED: " + problem);
                result.withArray("problems").add(problem);
                return;
            }
            say("once more: " + problem);
            result.withArray("repeated").add(problem);
        }
    }

    /** The memory of ended guests is needed for the next ones. */
    private void clear(Path directory) {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
            for (Path file : deepestFirst) {
                Files.deleteIfExists(file);
            }
        } catch (IOException | UncheckedIOException e) {
            say("cannot clear " + directory + ": " + e.getMessage());
        }
    }

    private boolean write() {
        try {
            Path directory = options.json().toAbsolutePath().getParent();
            Files.createDirectories(directory);
            Files.writeString(
                    options.json(), mapper.writerWithDefaultPrettyPrinter().writeValueAsString(result) + "\n");
            say("result: " + options.json());
            return true;
        } catch (IOException e) {
            say("cannot write " + options.json() + ": " + e.getMessage());
            return false;
        }
    }

    private void say(String text) {
        System.err.printf(java.util.Locale.ROOT, "%6.1f s  %s%n", (System.nanoTime() - startNs) / 1e9, text);
    }
}
