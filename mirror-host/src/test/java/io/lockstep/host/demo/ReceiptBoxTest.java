package io.lockstep.host.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lockstep.host.load.LoadReport;
import io.lockstep.host.rig.DiskCheck;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class ReceiptBoxTest {
    @Test
    void shouldFrameLinesOfAnyLength() {
        assertEquals(
                List.of("+- title -+", "| a       |", "| longer  |", "+---------+"),
                ReceiptBox.box(" title ", List.of("a", "longer")));
    }

    @Test
    void shouldShowTheReceiptAndTheClient() throws Exception {
        JsonNode receipt = new ObjectMapper()
                .readTree("{\"vm\":\"redis\",\"from\":\"a\",\"to\":\"b\",\"term\":2,\"cause\":\"silent\",\"epoch\":9,"
                        + "\"chain\":\"c0ffee\",\"detectMs\":80,\"fenceMs\":5,\"loadMs\":15,\"firstFrameMs\":20,"
                        + "\"totalMs\":120}");
        LoadReport client = new LoadReport(true, "", 1000, 300, 300, 50, 5_000_000, new Histogram(1000, 2));
        DemoOptions options = new DemoOptions(25, 9, KillKind.A, false, null, 77, 256, Path.of("/"), true, false);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ReceiptBox box = new ReceiptBox(receipt, client, 250_000_000, options);
        JsonNode disk =
                new ObjectMapper().readTree("{\"counters\":{\"readsAway\":321,\"reissued\":4,\"droppedBlocks\":55}}");
        box.disk(
                List.of(new DiskFault("a", "no answers", 262, 300, 100, disk)),
                new DiskCheck.Load(123_456, 789, 1, 1, 1, 1, 1, 0, ""));
        box.print(new PrintStream(out, true, StandardCharsets.UTF_8));
        String text = out.toString(StandardCharsets.UTF_8);
        for (String part : List.of(
                "host a -> host b, term 2",
                "c0ffee",
                "120.0 ms",
                "250 ms",
                "seed 77",
                "1,000 answers",
                "host a: no answers",
                "left after 262 ms; 4 writes re-issued, 55 dropped here",
                "321 reads by way of the partner",
                "789 operations, 123,456 sectors verified")) {
            assertTrue(text.contains(part), part + " in:\n" + text);
        }
        assertEquals(1, text.lines().map(String::length).distinct().count(), text);
    }
}
