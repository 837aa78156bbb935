package io.lockstep.bench.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The middle of several measurements. */
public final class Medians {
    private Medians() {}

    /** Median; the mean of the two in the middle if their number is even; NaN of none. */
    public static double of(List<Double> values) {
        if (values.isEmpty()) {
            return Double.NaN;
        }
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        int half = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(half) : (sorted.get(half - 1) + sorted.get(half)) / 2;
    }

    /** An object whose every number is the median of the numbers of the same name. */
    public static ObjectNode of(Iterable<? extends JsonNode> objects) {
        ObjectNode result = new ObjectMapper().createObjectNode();
        JsonNode first = null;
        for (JsonNode object : objects) {
            first = first == null ? object : first;
        }
        if (first == null) {
            return result;
        }
        first.fieldNames().forEachRemaining(name -> {
            List<JsonNode> children = new ArrayList<>();
            objects.forEach(object -> children.add(object.path(name)));
            if (children.get(0).isObject()) {
                result.set(name, of(children));
            } else if (children.get(0).isNumber()) {
                result.put(name, of(children.stream().map(JsonNode::asDouble).toList()));
            }
        });
        return result;
    }
}
