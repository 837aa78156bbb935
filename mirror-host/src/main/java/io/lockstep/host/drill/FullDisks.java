package io.lockstep.host.drill;

import io.lockstep.host.load.LoadReport;
import io.lockstep.host.rig.PairConfig;
import io.lockstep.host.rig.PairRig;
import io.lockstep.host.rig.RigException;
import io.lockstep.host.rig.Side;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;

/** F10: the run directory or the arbiter's directory has no room, at start or later. */
final class FullDisks implements Scenario {
    private static final long FULL_NS = 3_000_000_000L;
    private static final Duration SAID_LIMIT = Duration.ofSeconds(20);

    @Override
    public void run(Stage stage) throws RigException {
        runDirAtStart(stage);
        arbiterAtStart(stage);
        later(stage);
    }

    private static void runDirAtStart(Stage stage) throws RigException {
        stage.begin("host a's run directory has 48 MiB for a guest of 128", "said clearly, nothing runs");
        PairRig rig = stage.empty(stage.standard().withRunDirSize(Side.A, "48m"));
        rig.startBoth();
        stage.await(
                "the error",
                Stage.PROTECT_LIMIT,
                () -> rig.status(Side.A).state().equals("FAILED")
                        || !rig.host(Side.A).isAlive());
        String said = rig.status(Side.A).reason();
        stage.check(
                said.matches("(?s).*(space|room|bytes|MiB).*"),
                "the reason must tell that there is no room: '" + said + "'");
        stage.pass(said);
    }

    private static void arbiterAtStart(Stage stage) throws RigException {
        stage.begin("the arbiter's directory cannot be written at start", "said clearly, nothing runs before it can");
        PairRig rig = stage.empty(stage.standard().withArbiterSize("64k"));
        rig.writable(rig.arbiterDir(), false);
        rig.startBoth();
        stage.await(
                "a word about the arbiter",
                SAID_LIMIT,
                () -> rig.host(Side.A).log().contains("arbiter")
                        && (rig.host(Side.A).log().contains("cannot")
                                || rig.host(Side.A).log().contains("Read-only")));
        stage.check(rig.runner() == null, "a guest runs without a term");
        String said = rig.host(Side.A)
                .log()
                .lines()
                .filter(line -> line.contains("arbiter") && !line.contains("arbiter-dir:"))
                .findFirst()
                .orElse("");
        stage.pass(said.replaceFirst("^[0-9:.]+ ", ""));
    }

    private static void later(Stage stage) throws RigException {
        // Room for the guest and little else: what comes on top fills it.
        PairConfig config = stage.standard().withRunDirSize(Side.A, "200m").withArbiterSize("1m");
        PairRig rig = stage.whole(config);
        runDirLater(stage, rig);
        arbiterLater(stage, rig);
        stage.spoiled();
    }

    private static void runDirLater(Stage stage, PairRig rig) throws RigException {
        stage.begin(
                "host a's run directory fills up while the guest runs",
                "said, the guest goes on; protected when there is room");
        Side runner = stage.awaitProtected();
        stage.check(runner == Side.A, "the guest must run on host a for this");
        int log = rig.host(Side.A).log().length();
        Path filler = rig.runDir(Side.A).resolve("filler");
        try {
            // Again and again: a file that is written anew gives its room back first, and must not get it.
            long endNs = System.nanoTime() + FULL_NS;
            while (System.nanoTime() - endNs < 0) {
                fill(filler);
                stage.pause(1);
            }
            stage.awaitAnswers();
        } finally {
            delete(filler);
        }
        stage.awaitProtected();
        stage.awaitAnswers();
        String said = rig.host(Side.A)
                .log()
                .substring(log)
                .lines()
                .filter(line -> line.contains("checkpoint") || line.contains("died"))
                .findFirst()
                .orElse("");
        stage.pass(said.isEmpty() ? "nothing needed room: went on protected" : said.replaceFirst("^[0-9:.]+ ", ""));
    }

    private static void arbiterLater(Stage stage, PairRig rig) throws RigException {
        stage.begin(
                "the arbiter cannot be written, then the host dies",
                "the partner waits and says so; takes over when it can");
        Side runner = stage.awaitProtected();
        long term = rig.status(runner).term();
        rig.writable(rig.arbiterDir(), false);
        try {
            rig.kill(runner);
            stage.pause(2500);
            stage.check(
                    !rig.status(runner.other()).isRunningGuest(),
                    "took over without a term: " + rig.status(runner.other()));
        } finally {
            rig.writable(rig.arbiterDir(), true);
        }
        stage.awaitRunning(runner.other(), term);
        LoadReport report = stage.verify();
        stage.pass(String.format("waited for its term, then took over; %,d answers verified", report.operations()));
    }

    private static void fill(Path filler) throws RigException {
        byte[] block = new byte[4 << 10];
        long written = 0;
        try (OutputStream out = Files.newOutputStream(filler, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            while (written < 1 << 30) {
                out.write(block);
                written += block.length;
            }
        } catch (IOException e) {
            if (Files.exists(filler)) {
                return; // no space left: that is the point
            }
            throw new RigException("cannot fill " + filler + ": " + e.getMessage(), e);
        }
        throw new RigException(filler + " could be filled with " + written + " bytes");
    }

    private static void delete(Path filler) throws RigException {
        try {
            Files.deleteIfExists(filler);
        } catch (IOException e) {
            throw new RigException("cannot remove " + filler + ": " + e.getMessage(), e);
        }
    }
}
