package io.lockstep.host.demo;

import com.fasterxml.jackson.databind.JsonNode;
import io.lockstep.host.load.LoadReport;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The receipt of a failover and the client's side of it, in a box. */
final class ReceiptBox {
    private static final int BAR = 40;

    private ReceiptBox() {}

    static void print(PrintStream out, JsonNode receipt, LoadReport client, long gapNs, DemoOptions options) {
        List<String> lines = new ArrayList<>();
        if (!receipt.isMissingNode()) {
            failover(receipt, lines);
        }
        lines.add(String.format(
                Locale.ROOT,
                "client     %,d answers over one TCP connection, every one verified",
                client.operations()));
        lines.add(String.format(
                Locale.ROOT,
                "           %,d increments, %,d writes, %,d keys read back at the end",
                client.increments(),
                client.writes(),
                client.keysReadBack()));
        lines.add(String.format(
                Locale.ROOT,
                "           latency p50 %.1f ms, p99 %.1f ms; longest gap %.0f ms",
                client.latency().getValueAtPercentile(50) / 1e3,
                client.latency().getValueAtPercentile(99) / 1e3,
                gapNs / 1e6));
        lines.add("broken     " + options.kill().what() + " (seed " + options.seed() + ")");
        box(receipt.isMissingNode() ? " verified " : " failover receipt ", lines)
                .forEach(out::println);
        out.flush();
    }

    private static void failover(JsonNode receipt, List<String> lines) {
        lines.add("guest      " + receipt.path("vm").asText() + ": host "
                + receipt.path("from").asText() + " -> host "
                + receipt.path("to").asText() + ", term " + receipt.path("term").asLong());
        lines.add("cause      " + receipt.path("cause").asText());
        lines.add("went on at epoch " + receipt.path("epoch").asLong() + ", digest chain "
                + receipt.path("chain").asText() + ", image "
                + receipt.path("imageId").asText());
        lines.add("dropped    " + receipt.path("droppedRecords").asLong()
                + " records of the epoch that was not finished; nothing of it was ever visible outside");
        double total = Math.max(0.001, receipt.path("totalMs").asDouble());
        double before = 0;
        for (String part : List.of("detect", "fence", "load", "firstFrame")) {
            double ms = receipt.path(part + "Ms").asDouble();
            lines.add(bar(part.equals("firstFrame") ? "frame" : part, before, ms, total));
            before += ms;
        }
        lines.add(String.format(Locale.ROOT, "%-8s %8.1f ms", "total", total));
    }

    private static String bar(String name, double before, double ms, double total) {
        int from = (int) Math.round(Math.min(1, before / total) * BAR);
        int to = (int) Math.round(Math.min(1, (before + ms) / total) * BAR);
        String line = " ".repeat(from) + "#".repeat(Math.max(ms > 0 ? 1 : 0, to - from));
        return String.format(Locale.ROOT, "%-8s %8.1f ms  |%-" + (BAR + 1) + "s|", name, ms, line);
    }

    /** Lines in a frame with a title. */
    static List<String> box(String title, List<String> lines) {
        int width = lines.stream().mapToInt(String::length).max().orElse(0);
        width = Math.max(width, title.length());
        List<String> boxed = new ArrayList<>();
        boxed.add("+-" + title + "-".repeat(width - title.length()) + "-+");
        for (String line : lines) {
            boxed.add("| " + line + " ".repeat(width - line.length()) + " |");
        }
        boxed.add("+-" + "-".repeat(width) + "-+");
        return boxed;
    }
}
