package io.lockstep.host.load;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.HdrHistogram.Histogram;

/**
 * What a client saw.
 *
 * @param verified true if the run ended and every answer, and every key read back at the end, was right
 * @param problem why not; empty if verified
 * @param operations answers that came
 * @param increments increments acknowledged
 * @param writes values written and acknowledged
 * @param keysReadBack keys compared at the end
 * @param longestGapNs longest time without an answer while some were due
 * @param latency of every operation, in microseconds
 */
public record LoadReport(
        boolean verified,
        String problem,
        long operations,
        long increments,
        long writes,
        long keysReadBack,
        long longestGapNs,
        Histogram latency) {
    private static final double[] PERCENTILES = {50, 90, 99, 99.9, 100};

    /** As JSON. */
    public ObjectNode toJson() {
        ObjectNode json = new ObjectMapper().createObjectNode();
        json.put("verified", verified)
                .put("problem", problem)
                .put("operations", operations)
                .put("increments", increments)
                .put("writes", writes)
                .put("keysReadBack", keysReadBack)
                .put("longestGapMs", longestGapNs / 1e6);
        json.set("latencyUs", histogram(latency));
        return json;
    }

    /** Percentiles of a histogram as JSON. */
    public static ObjectNode histogram(Histogram histogram) {
        ObjectNode json = new ObjectMapper().createObjectNode();
        json.put("count", histogram.getTotalCount()).put("mean", Math.round(histogram.getMean()));
        for (double percentile : PERCENTILES) {
            String name = percentile == 100 ? "max" : "p" + (percentile % 1 == 0 ? "" + (int) percentile : percentile);
            json.put(name, histogram.getValueAtPercentile(percentile));
        }
        return json;
    }
}
