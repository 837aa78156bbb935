package io.lockstep.host.demo;

import com.fasterxml.jackson.databind.JsonNode;
import io.lockstep.host.load.LoadReport;
import io.lockstep.host.rig.DiskCheck;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The receipt of a failover and the client's side of it, in a box. */
final class ReceiptBox {
    private static final int BAR = 40;
    private static final double ATTACH_SHOWN_MS = 0.05;

    private final JsonNode receipt;
    private final LoadReport client;
    private final long gapNs;
    private final DemoOptions options;
    private final List<String> diskLines = new ArrayList<>();

    ReceiptBox(JsonNode receipt, LoadReport client, long gapNs, DemoOptions options) {
        this.receipt = receipt;
        this.client = client;
        this.gapNs = gapNs;
        this.options = options;
    }

    /** Adds what happened to the disk; {@code load} is null if there is none. */
    void disk(List<DiskFault> faults, DiskCheck.Load load) {
        for (DiskFault fault : faults) {
            diskLines.add(label("disk") + "host " + fault.host() + ": " + fault.what());
            diskLines.add(String.format(
                    Locale.ROOT,
                    "           left after %.0f ms; %,d writes re-issued, %,d dropped here (the partner has them),",
                    fault.noticedMs(),
                    fault.counter("reissued"),
                    fault.counter("droppedBlocks")));
            diskLines.add(String.format(
                    Locale.ROOT,
                    "           %,d reads by way of the partner; longest gap %.0f ms",
                    fault.counter("readsAway"),
                    fault.gapMs()));
        }
        if (load != null) {
            diskLines.add(String.format(
                    Locale.ROOT,
                    "%s%,d operations, %,d sectors verified, no I/O error, nothing lost or torn",
                    label("guest"),
                    load.operations(),
                    load.verified()));
        }
    }

    private static String label(String name) {
        return String.format(Locale.ROOT, "%-11s", name);
    }

    void print(PrintStream out) {
        List<String> lines = new ArrayList<>();
        if (!receipt.isMissingNode()) {
            failover(receipt, lines);
        }
        lines.addAll(diskLines);
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
                + " records of the epoch that was not finished" + blocks(receipt)
                + "; nothing of it was ever visible outside");
        double total = Math.max(0.001, receipt.path("totalMs").asDouble());
        double before = 0;
        for (String part : parts(receipt)) {
            double ms = receipt.path(part + "Ms").asDouble();
            lines.add(bar(part.equals("firstFrame") ? "frame" : part, before, ms, total));
            before += ms;
        }
        lines.add(String.format(Locale.ROOT, "%-8s %8.1f ms", "total", total));
    }

    private static String blocks(JsonNode receipt) {
        long blocks = receipt.path("droppedBlocks").asLong();
        return blocks == 0 ? "" : ", " + blocks + " of them disk blocks";
    }

    /** Only a disk takes time to be attached. */
    private static List<String> parts(JsonNode receipt) {
        return receipt.path("attachMs").asDouble() < ATTACH_SHOWN_MS
                ? List.of("detect", "fence", "load", "firstFrame")
                : List.of("detect", "fence", "attach", "load", "firstFrame");
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
