package io.lockstep.host.drill;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lockstep.host.rig.PairRig;
import io.lockstep.host.rig.RigException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;

/** Runs the scenarios one after another and says what came of them. */
final class Drill {
    private static final int LAST_WORDS = 14;

    private final DrillOptions options;
    private final Pairs pairs;
    private final PrintStream out;
    private final long startNs = System.nanoTime();
    private final List<Row> rows = new ArrayList<>();
    private volatile boolean stopping;
    private volatile boolean done;

    Drill(DrillOptions options, Path directory, PrintStream out) {
        this.options = options;
        this.pairs = new Pairs(directory, options.guestDir());
        this.out = out;
    }

    /** Returns the exit code. */
    int run() {
        say("seed " + options.seed() + ": --seed " + options.seed() + " repeats every moment");
        Runtime.getRuntime().addShutdownHook(new Thread(this::stop, "drill-stop"));
        try (pairs) {
            for (ScenarioKind kind : options.scenarios()) {
                play(kind);
            }
        }
        awaitEndIfStopping();
        done = true;
        DrillTable table = new DrillTable(
                List.of("", "broken", "expected", "outcome", "RTO ms", "", "seed"), 4, 34, 34, 60, 16, 4, 20);
        rows.forEach(row -> table.add(row.cells()));
        out.println();
        table.lines().forEach(out::println);
        long failed = rows.stream().filter(row -> !row.passed()).count();
        out.printf(
                Locale.ROOT,
                "%n%d of %d passed in %.0f s, seed %d%n",
                rows.size() - failed,
                rows.size(),
                (System.nanoTime() - startNs) / 1e9,
                options.seed());
        out.flush();
        return write() && failed == 0 ? 0 : 1;
    }

    private void play(ScenarioKind kind) {
        say("=== " + kind.name() + ": " + kind.title());
        Stage stage = new Stage(kind.name(), options, pairs, this::say);
        try (stage) {
            kind.create().run(stage);
        } catch (RigException | RuntimeException e) {
            awaitEndIfStopping();
            String why = e instanceof RigException ? e.getMessage() : e.toString();
            stage.fail(why);
            say(kind.name() + "  FAILED: " + why);
            PairRig rig = pairs.current();
            if (rig != null) {
                rig.lastWords(LAST_WORDS).forEach(this::say);
            }
            // Whatever is left of it is no base for the next one.
            pairs.drop();
        }
        rows.addAll(stage.rows());
    }

    private synchronized void say(String text) {
        out.printf(Locale.ROOT, "%7.1f  %s%n", (System.nanoTime() - startNs) / 1e9, text);
        out.flush();
    }

    private boolean write() {
        if (options.json() == null) {
            return true;
        }
        ObjectMapper json = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
        ObjectNode root = json.createObjectNode();
        root.put("seed", options.seed())
                .put("rounds", options.rounds())
                .put("seconds", (System.nanoTime() - startNs) / 1e9)
                .put("passed", rows.stream().allMatch(Row::passed));
        ArrayNode array = root.putArray("rows");
        rows.forEach(row -> array.add(row.toJson()));
        try {
            Files.writeString(options.json(), json.writeValueAsString(root) + "\n");
            return true;
        } catch (IOException e) {
            say("cannot write " + options.json() + ": " + e.getMessage());
            return false;
        }
    }

    private void stop() {
        if (!done) {
            stopping = true;
            say("stopping ...");
            pairs.close();
        }
    }

    /** While the virtual machine shuts down, the hook has the word. */
    private void awaitEndIfStopping() {
        while (stopping) {
            LockSupport.parkNanos(1_000_000_000);
        }
    }
}
