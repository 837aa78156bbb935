package io.lockstep.bench.rig;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;

/** The numbers that are to be beaten on a machine like the reference one. A miss is reported, never an error. */
final class Targets {
    private static final double PAUSE_MS = 3;
    private static final double CHECKPOINTS_PER_SECOND = 40;
    private static final double SLOWDOWN = 0.12;
    private static final double RTO_MS = 150;
    private static final double MEMORY_MIB = RigRun.GUEST_MIB + 64;

    private Targets() {}

    /** Adds the array {@code targets} to the result. */
    static void judge(ObjectNode result) {
        ArrayNode targets = result.putArray("targets");
        JsonNode loads = result.path("loads");
        JsonNode mem200 = loads.path("mem200").path("protected");
        add(targets, "pause p50 at 200 dirty pages, ms", mem200.path("pause").path("p50Us"), 1e-3, PAUSE_MS, true);
        for (String name : new String[] {"idle", "mem200", "mem4000"}) {
            JsonNode rate = loads.path(name).path("protected").path("checkpointsPerSecond");
            add(targets, "checkpoints/s, " + name, rate, 1, CHECKPOINTS_PER_SECOND, false);
        }
        for (String name : new String[] {"cpu", "mem200", "mem4000"}) {
            add(targets, "slowdown, " + name + ", %", loads.path(name).path("slowdown"), 100, 100 * SLOWDOWN, true);
        }
        add(targets, "RTO p50, ms", result.path("failover").path("median").path("totalMs"), 1, RTO_MS, true);
        for (String name : new String[] {"idle", "mem4000"}) {
            JsonNode own = loads.path(name).path("memory").path("ownPssKb");
            add(targets, "engine memory on A, " + name + ", MiB", own, 1.0 / 1024, MEMORY_MIB, true);
        }
    }

    private static void add(ArrayNode targets, String what, JsonNode value, double scale, double limit, boolean most) {
        if (!value.isNumber()) {
            return;
        }
        double measured = value.asDouble() * scale;
        boolean met = most ? measured <= limit : measured >= limit;
        targets.addObject()
                .put("what", what)
                .put("measured", measured)
                .put("target", (most ? "<= " : ">= ") + String.format(Locale.ROOT, "%.0f", limit))
                .put("met", met);
    }
}
