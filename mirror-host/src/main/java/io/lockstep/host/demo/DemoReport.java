package io.lockstep.host.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lockstep.host.load.LoadReport;
import io.lockstep.host.rig.DiskCheck;
import io.lockstep.host.rig.HostStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;

/** What {@code --json} writes. */
final class DemoReport {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private final ObjectNode root = JSON.createObjectNode();
    private long gapNs;
    private volatile boolean finished;

    DemoReport(DemoOptions options) {
        root.put("time", Instant.now().toString());
        root.set("config", options.toJson());
        root.put("expected", options.kill().expected());
        root.put("verified", false);
    }

    /** The primary just before something is broken. */
    void protectedPhase(HostStatus primary, long longestGapNs) {
        ObjectNode phase = root.putObject("protected");
        phase.put("longestGapMs", longestGapNs / 1e6);
        JsonNode vm = primary.json().path("vms").path(0);
        phase.set("pause", vm.path("pause"));
        phase.set("counters", vm.path("counters"));
        phase.put("tracker", vm.path("tracker").asText());
    }

    /** A fault of the disk that the guest did not notice. */
    void diskFault(DiskFault fault) {
        root.withArray("diskFaults").add(JSON.valueToTree(fault));
    }

    /** What the guest itself thinks of its disk, at the end. */
    void diskLoad(DiskCheck.Load load) {
        root.set("diskLoad", JSON.valueToTree(load));
    }

    void brokenAfterMs(double ms) {
        root.put("brokenAfterMs", ms);
    }

    void outcome(String text, JsonNode receipt) {
        root.put("outcome", text);
        root.set("receipt", receipt.isMissingNode() ? JSON.nullNode() : receipt);
    }

    /** The client's longest gap since something was broken. */
    void gapNs(long ns) {
        gapNs = ns;
        root.put("longestGapMs", ns / 1e6);
    }

    long gapNs() {
        return gapNs;
    }

    void client(LoadReport client) {
        root.set("client", client.toJson());
    }

    void hosts(HostStatus a, HostStatus b) {
        ObjectNode hosts = root.putObject("hosts");
        hosts.set("a", a.isPresent() ? a.json() : JSON.nullNode());
        hosts.set("b", b.isPresent() ? b.json() : JSON.nullNode());
    }

    void verified() {
        root.put("verified", true);
        finished = true;
    }

    void failure(String why) {
        root.put("failure", why);
        finished = true;
    }

    boolean isFinished() {
        return finished;
    }

    void write(Path file) throws IOException {
        Files.writeString(file, JSON.writeValueAsString(root) + "\n");
    }
}
