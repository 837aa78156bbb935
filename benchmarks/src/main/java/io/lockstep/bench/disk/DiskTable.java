package io.lockstep.bench.disk;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintStream;
import java.util.Locale;

/** Prints a result for people. */
final class DiskTable {
    private final PrintStream out;
    private final JsonNode result;

    DiskTable(PrintStream out, JsonNode result) {
        this.out = out;
        this.result = result;
    }

    void print() {
        JsonNode environment = result.path("environment");
        JsonNode settings = result.path("settings");
        line("");
        line("%s, commit %s", text(environment, "date"), text(environment, "commit"));
        line(
                "%s, %s cores (%s), load average %s; fio %s",
                text(environment, "kernel"),
                text(environment, "cores"),
                text(environment, "cpu"),
                text(environment, "loadAverage"),
                text(settings, "fio"));
        line("%s; %s", text(environment, "java"), text(environment, "jvmFlags"));
        line(
                "file of %s MiB on %s, %s; %s rounds of %s s",
                text(settings, "sizeMib"),
                text(settings, "fileSystem"),
                settings.path("direct").asBoolean() ? "O_DIRECT" : "page cache",
                text(settings, "rounds"),
                text(settings, "seconds"));
        line("");
        line(
                "%-12s %-9s %9s %9s %9s %10s | %s",
                "load", "server", "op/s", "p50 us", "p99 us", "CPU us/op", "ours/this: op/s (least, most)  CPU/op");
        result.path("loads")
                .properties()
                .forEach(load -> load.getValue().properties().forEach(server -> {
                    row(load.getKey(), server.getKey(), server.getValue());
                }));
        result.path("problems").forEach(problem -> line("NOT MEASURED: %s", problem.asText()));
        out.flush();
    }

    private void row(String load, String server, JsonNode numbers) {
        JsonNode median = numbers.path("median");
        JsonNode ratio = numbers.path("oursToThis");
        line(
                "%-12s %-9s %9.0f %9.0f %9.0f %10.1f |%s",
                load,
                server,
                median.path("iops").asDouble(),
                median.path("p50Us").asDouble(),
                median.path("p99Us").asDouble(),
                median.path("cpuUsPerIo").asDouble(),
                ratio.isMissingNode()
                        ? ""
                        : String.format(
                                Locale.ROOT,
                                "            %.2f (%.2f, %.2f)          %.2f",
                                ratio.path("iops").asDouble(),
                                ratio.path("iopsLeast").asDouble(),
                                ratio.path("iopsMost").asDouble(),
                                ratio.path("cpuPerIo").asDouble()));
    }

    private static String text(JsonNode node, String name) {
        return node.path(name).asText("?");
    }

    private void line(String format, Object... values) {
        out.println(String.format(Locale.ROOT, format, values));
    }
}
