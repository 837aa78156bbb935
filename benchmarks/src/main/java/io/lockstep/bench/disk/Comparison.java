package io.lockstep.bench.disk;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lockstep.bench.report.Medians;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** The rounds of one load, server by server. */
final class Comparison {
    private final Map<ServerKind, List<ObjectNode>> rounds = new EnumMap<>(ServerKind.class);

    void add(ServerKind kind, ObjectNode measured) {
        rounds.computeIfAbsent(kind, k -> new ArrayList<>()).add(measured);
    }

    /** Per server: each round, medians, and for the peers how ours compares to them. */
    ObjectNode json() {
        ObjectNode json = new ObjectMapper().createObjectNode();
        rounds.forEach((kind, measured) -> {
            ObjectNode server = json.putObject(kind.label());
            server.set("median", Medians.of(measured));
            server.putArray("rounds").addAll(measured);
            if (kind != ServerKind.OURS && rounds.containsKey(ServerKind.OURS)) {
                List<Double> speed = ratios(kind, "iops");
                ObjectNode ratio = server.putObject("oursToThis").put("iops", Medians.of(speed));
                ratio.put(
                        "iopsLeast",
                        speed.stream().mapToDouble(each -> each).min().orElse(Double.NaN));
                ratio.put(
                        "iopsMost",
                        speed.stream().mapToDouble(each -> each).max().orElse(Double.NaN));
                ratio.put("cpuPerIo", Medians.of(ratios(kind, "cpuUsPerIo")));
            }
        });
        return json;
    }

    /** Round by round: what both met in the same seconds. */
    private List<Double> ratios(ServerKind peer, String number) {
        List<ObjectNode> ours = rounds.get(ServerKind.OURS);
        List<ObjectNode> theirs = rounds.get(peer);
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < Math.min(ours.size(), theirs.size()); i++) {
            ratios.add(ours.get(i).path(number).asDouble()
                    / theirs.get(i).path(number).asDouble());
        }
        return ratios;
    }
}
