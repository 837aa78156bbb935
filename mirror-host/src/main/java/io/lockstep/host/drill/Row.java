package io.lockstep.host.drill;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** One thing that was broken, and what came of it. Filled while it happens. */
final class Row {
    private final String scenario;
    private final String broken;
    private final String expected;
    private final long seed;
    private final List<Double> recoveryMs = new ArrayList<>();
    private String outcome = "";
    private boolean passed;

    Row(String scenario, String broken, String expected, long seed) {
        this.scenario = scenario;
        this.broken = broken;
        this.expected = expected;
        this.seed = seed;
    }

    void recovered(double ms) {
        recoveryMs.add(ms);
    }

    void pass(String text) {
        outcome = text;
        passed = true;
    }

    void fail(String text) {
        outcome = text;
        passed = false;
    }

    boolean passed() {
        return passed;
    }

    /** For {@link DrillTable}. */
    List<String> cells() {
        return List.of(scenario, broken, expected, outcome, recovery(), passed ? "PASS" : "FAIL", Long.toString(seed));
    }

    private String recovery() {
        if (recoveryMs.isEmpty()) {
            return "";
        }
        List<Double> sorted = new ArrayList<>(recoveryMs);
        Collections.sort(sorted);
        if (sorted.size() == 1) {
            return String.format(Locale.ROOT, "%.0f", sorted.get(0));
        }
        return String.format(
                Locale.ROOT, "%.0f, max %.0f", sorted.get(sorted.size() / 2), sorted.get(sorted.size() - 1));
    }

    ObjectNode toJson() {
        ObjectNode json = new ObjectMapper().createObjectNode();
        json.put("scenario", scenario)
                .put("broken", broken)
                .put("expected", expected)
                .put("outcome", outcome)
                .put("passed", passed)
                .put("seed", seed);
        recoveryMs.forEach(json.putArray("recoveryMs")::add);
        return json;
    }
}
