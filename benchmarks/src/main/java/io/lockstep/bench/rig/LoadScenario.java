package io.lockstep.bench.rig;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lockstep.bench.report.Medians;
import io.lockstep.host.rig.PairConfig;
import io.lockstep.host.rig.PairRig;
import io.lockstep.host.rig.RigException;
import io.lockstep.host.rig.Side;
import io.lockstep.host.rig.Waiting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;

/**
 * One guest with one load: unprotected and protected phases in turn. A load is compared with the mean of the unprotected phases before
 * and after it. The idle guest also gets a client.
 */
final class LoadScenario {
    private static final Duration BOOT_LIMIT = Duration.ofSeconds(90);
    private static final Duration PROTECT_LIMIT = Duration.ofSeconds(60);
    private static final Duration ASK_LIMIT = Duration.ofSeconds(30);
    private static final long SETTLE_MS = 1_000;
    private static final long WARM_UP_MS = 4_000;

    private final RigOptions options;
    private final String name;
    private final String load;
    private final Consumer<String> say;
    private final ObjectNode result = new ObjectMapper().createObjectNode();
    private final List<ObjectNode> unprotected = new ArrayList<>();
    private final List<ObjectNode> guarded = new ArrayList<>();

    /**
     * A scenario.
     *
     * @param load of the guest, empty for none
     */
    LoadScenario(RigOptions options, String name, String load, Consumer<String> say) {
        this.options = options;
        this.name = name;
        this.load = load;
        this.say = say;
    }

    /** Runs it. */
    ObjectNode run() throws RigException {
        PairConfig config = PairConfig.standard(options.directory().resolve(name), options.guestDir())
                .withGuestLoad(load);
        try (PairRig rig = PairRig.open(config)) {
            say.accept("booting");
            rig.startBoth();
            rig.awaitGuest(BOOT_LIMIT);
            // The first protection is not measured: it compiles the hot paths.
            rig.awaitProtected(PROTECT_LIMIT);
            result.put("load", load).put("qemu", commandLine(rig.host(Side.A).qemuPid()));
            result.put("tracker", tracker(rig));
            Waiting.pause(WARM_UP_MS);
            if (load.isEmpty()) {
                idle(rig);
            } else {
                loaded(rig);
            }
        }
        return result;
    }

    private static String commandLine(long pid) throws RigException {
        try {
            return Files.readString(Path.of("/proc", Long.toString(pid), "cmdline"))
                    .replace('\0', ' ')
                    .strip();
        } catch (IOException e) {
            throw new RigException("cannot read the command line of QEMU: " + e.getMessage(), e);
        }
    }

    private static String tracker(PairRig rig) {
        return rig.status(Side.A).json().path("vms").path(0).path("tracker").asText();
    }

    private void unprotect(PairRig rig) throws RigException {
        rig.host(Side.A).ask("unprotect", ASK_LIMIT);
        rig.await("the end of the protection", ASK_LIMIT, () -> rig.status(Side.A)
                .state()
                .equals("SIMPLEX"));
        Waiting.pause(SETTLE_MS);
    }

    private double protect(PairRig rig) throws RigException {
        long startNs = System.nanoTime();
        rig.host(Side.A).ask("protect", ASK_LIMIT);
        rig.awaitProtected(PROTECT_LIMIT);
        double took = (System.nanoTime() - startNs) / 1e6;
        Waiting.pause(SETTLE_MS);
        return took;
    }

    private void loaded(PairRig rig) throws RigException {
        unprotect(rig);
        unprotected.add(loadPhase(rig));
        for (int round = 0; round < options.repeat(); round++) {
            say.accept("round " + (round + 1) + " of " + options.repeat());
            double protectMs = protect(rig);
            ObjectNode phase = loadPhase(rig);
            requireProtected(phase);
            guarded.add(phase.put("protectMs", protectMs));
            result.set("memory", EngineMemory.of(rig.host(Side.A).pid()));
            unprotect(rig);
            unprotected.add(loadPhase(rig));
        }
        slowdowns();
        summarize();
    }

    /**
     * Two views: of the clock on the wall, which neighbours on the machine disturb; and net of them, from the time the guest was paused
     * and what it got done in a second of processor time.
     */
    private void slowdowns() {
        List<Double> wall = new ArrayList<>();
        List<Double> net = new ArrayList<>();
        for (int round = 0; round < guarded.size(); round++) {
            ObjectNode phase = guarded.get(round);
            double rate = (rate(unprotected.get(round)) + rate(unprotected.get(round + 1))) / 2;
            double pace = (pace(unprotected.get(round)) + pace(unprotected.get(round + 1))) / 2;
            wall.add(1 - rate(phase) / rate);
            net.add(1 - (1 - phase.path("pausedShare").asDouble()) * pace(phase) / pace);
        }
        wall.forEach(result.putArray("slowdowns")::add);
        net.forEach(result.putArray("netSlowdowns")::add);
        result.put("slowdown", Medians.of(wall)).put("netSlowdown", Medians.of(net));
    }

    private static double pace(JsonNode phase) {
        return rate(phase) / Math.max(0.01, phase.path("cpuShare").path("qemuA").asDouble());
    }

    private static double rate(JsonNode phase) {
        return phase.path("guestRate").asDouble();
    }

    private static void requireProtected(ObjectNode phase) throws RigException {
        if (!phase.has("pause")) {
            throw new RigException("the guest was not protected during the phase, but "
                    + phase.path("state").asText());
        }
    }

    private ObjectNode loadPhase(PairRig rig) throws RigException {
        GuestRate before = GuestRate.read();
        PhaseProbe probe = new PhaseProbe(rig);
        Waiting.pause(options.phase().toMillis());
        ObjectNode phase = probe.end();
        return phase.put("guestRate", GuestRate.read().since(before));
    }

    private void idle(PairRig rig) throws RigException {
        List<ObjectNode> latencies = new ArrayList<>();
        List<ObjectNode> plain = new ArrayList<>();
        List<ObjectNode> busy = new ArrayList<>();
        try (LatencyProbe client = LatencyProbe.connect()) {
            client.measure(options.phase());
            for (int round = 0; round < options.repeat(); round++) {
                say.accept("round " + (round + 1) + " of " + options.repeat());
                unprotect(rig);
                plain.add(latencyPhase(rig, client));
                double protectMs = protect(rig);
                PhaseProbe quiet = new PhaseProbe(rig);
                Waiting.pause(options.phase().toMillis());
                ObjectNode phase = quiet.end();
                requireProtected(phase);
                guarded.add(phase.put("protectMs", protectMs));
                ObjectNode withClient = latencyPhase(rig, client);
                requireProtected(withClient);
                // The pauses so far include those without the client: only the mean is of this phase.
                withClient.remove("pause");
                busy.add(withClient);
                latencies.add(withClient);
                result.set("memory", EngineMemory.of(rig.host(Side.A).pid()));
            }
        }
        unprotected.addAll(plain);
        ObjectNode latency = result.putObject("latency");
        latency.set("unprotectedUs", Medians.of(plain).path("latencyUs"));
        latency.set("protectedUs", Medians.of(latencies).path("latencyUs"));
        result.set("withClient", Medians.of(busy));
        summarize();
    }

    private ObjectNode latencyPhase(PairRig rig, LatencyProbe client) throws RigException {
        PhaseProbe probe = new PhaseProbe(rig);
        Histogram histogram = client.measure(options.phase());
        ObjectNode phase = probe.end();
        phase.set("latencyUs", LatencyProbe.json(histogram));
        return phase;
    }

    private void summarize() {
        result.set("protected", Medians.of(guarded));
        result.set("unprotected", Medians.of(unprotected));
        ObjectNode phases = result.putObject("phases");
        guarded.forEach(phases.putArray("protected")::add);
        unprotected.forEach(phases.putArray("unprotected")::add);
    }
}
