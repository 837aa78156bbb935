package io.lockstep.bench.rig;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintStream;
import java.util.Locale;

/** Prints a result for people. */
final class ResultTable {
    private final PrintStream out;
    private final JsonNode result;

    ResultTable(PrintStream out, JsonNode result) {
        this.out = out;
        this.result = result;
    }

    void print() {
        JsonNode environment = result.path("environment");
        line("");
        line("%s, commit %s", text(environment, "date"), text(environment, "commit"));
        line(
                "%s, %s cores (%s), load average %s",
                text(environment, "kernel"),
                text(environment, "cores"),
                text(environment, "cpu"),
                text(environment, "loadAverage"));
        line(
                "%s, %s; %s; %s",
                text(environment, "qemu"),
                text(result, "accelerator"),
                text(environment, "java"),
                text(environment, "jvmFlags"));
        loads();
        latency();
        failover();
        memory();
        targets();
        result.path("repeated").forEach(problem -> line("measured once more: %s", problem.asText()));
        result.path("problems").forEach(problem -> line("NOT MEASURED: %s", problem.asText()));
        out.flush();
    }

    private void loads() {
        JsonNode loads = result.path("loads");
        if (loads.isEmpty()) {
            return;
        }
        line("");
        line(
                "%-9s %28s | %22s | %6s %7s %9s %9s | %16s | %s",
                "load",
                "pause ms  p50    p99    max",
                "stop   copy   rest p50",
                "ckpt/s",
                "pages",
                "raw KiB",
                "wire KiB",
                "slowdown, net",
                "cores used: engine A, B, QEMU A");
        loads.properties().forEach(entry -> {
            JsonNode phase = entry.getValue().path("protected");
            JsonNode pause = phase.path("pause");
            JsonNode cpu = phase.path("cpuShare");
            JsonNode slowdown = entry.getValue().path("slowdown");
            line(
                    "%-9s         %6.2f %6.2f %6.1f | %6.2f %6.2f %8.2f | %6.1f %7.0f %9.0f %9.1f | %16s | %.2f %.2f %.2f",
                    entry.getKey(),
                    number(pause, "p50Us") / 1e3,
                    number(pause, "p99Us") / 1e3,
                    number(pause, "maxUs") / 1e3,
                    number(pause, "stopP50Us") / 1e3,
                    number(pause, "copyP50Us") / 1e3,
                    number(pause, "restP50Us") / 1e3,
                    number(phase, "checkpointsPerSecond"),
                    number(phase, "dirtyPagesPerEpoch"),
                    number(phase, "rawBytesPerEpoch") / 1024,
                    number(phase, "wireBytesPerEpoch") / 1024,
                    slowdown.isNumber() ? slowdown(entry.getValue()) : "",
                    number(cpu, "engineA"),
                    number(cpu, "engineB"),
                    number(cpu, "qemuA"));
        });
    }

    private static String slowdown(JsonNode load) {
        return String.format(
                Locale.ROOT, "%.1f %%, %.1f %%", 100 * number(load, "slowdown"), 100 * number(load, "netSlowdown"));
    }

    private void latency() {
        JsonNode idle = result.path("loads").path("idle");
        JsonNode latency = idle.path("latency");
        if (latency.isMissingNode()) {
            return;
        }
        line("");
        for (String name : new String[] {"unprotected", "protected"}) {
            JsonNode us = latency.path(name + "Us");
            line(
                    "INCR round trip, %-11s  p50 %6.2f ms   p99 %6.2f ms   max %6.1f ms",
                    name, number(us, "p50") / 1e3, number(us, "p99") / 1e3, number(us, "max") / 1e3);
        }
        JsonNode client = idle.path("withClient");
        line(
                "   with this client: %.0f checkpoints/s, mean pause %.2f ms, %.0f pages an epoch",
                number(client, "checkpointsPerSecond"),
                number(client, "meanPauseUs") / 1e3,
                number(client, "dirtyPagesPerEpoch"));
    }

    private void failover() {
        JsonNode failover = result.path("failover");
        if (failover.isMissingNode()) {
            return;
        }
        line("");
        line("failover, ms   detect  fence   load  frame |  total | client's gap | protected again");
        int round = 0;
        for (JsonNode each : failover.path("rounds")) {
            failoverLine(Integer.toString(++round), each);
        }
        failoverLine("median", failover.path("median"));
        line(
                "   %,d answers over one TCP connection, every one verified",
                failover.path("answersVerified").asLong());
    }

    private void failoverLine(String name, JsonNode round) {
        line(
                "   %-10s  %6.1f %6.1f %6.1f %6.1f | %6.1f | %12.0f | %.0f",
                name,
                number(round, "detectMs"),
                number(round, "fenceMs"),
                number(round, "loadMs"),
                number(round, "firstFrameMs"),
                number(round, "totalMs"),
                number(round, "clientGapMs"),
                number(round, "protectedAgainMs"));
    }

    private void memory() {
        result.path("loads").properties().forEach(entry -> {
            JsonNode memory = entry.getValue().path("memory");
            if (!memory.isMissingNode()) {
                line(
                        "engine A, %-8s PSS without the guest's RAM %.0f MiB; RssAnon %.0f MiB; VmRSS with it %.0f MiB",
                        entry.getKey() + ":",
                        number(memory, "ownPssKb") / 1024,
                        number(memory, "rssAnonKb") / 1024,
                        number(memory, "rssKb") / 1024);
            }
        });
    }

    private void targets() {
        line("");
        line("%-40s %10s %10s", "target", "measured", "wanted");
        for (JsonNode target : result.path("targets")) {
            line(
                    "%-40s %10.1f %10s   %s",
                    target.path("what").asText(),
                    target.path("measured").asDouble(),
                    target.path("target").asText(),
                    target.path("met").asBoolean() ? "met" : "MISSED");
        }
    }

    private static double number(JsonNode node, String name) {
        return node.path(name).asDouble(Double.NaN);
    }

    private static String text(JsonNode node, String name) {
        return node.path(name).asText("?");
    }

    private void line(String format, Object... values) {
        out.println(String.format(Locale.ROOT, format, values));
    }
}
