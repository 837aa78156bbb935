package io.lockstep.host.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.lockstep.host.load.LoadClient;
import io.lockstep.host.load.LoadConfig;
import io.lockstep.host.load.LoadReport;
import io.lockstep.host.rig.DiskCheck;
import io.lockstep.host.rig.HostStatus;
import io.lockstep.host.rig.PairConfig;
import io.lockstep.host.rig.PairRig;
import io.lockstep.host.rig.ProcessFacts;
import io.lockstep.host.rig.RigDisk;
import io.lockstep.host.rig.RigException;
import io.lockstep.host.rig.Side;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** One demo from the empty machine to the receipt. */
final class DemoRun {
    private static final Duration BOOT_LIMIT = Duration.ofSeconds(90);
    private static final Duration PROTECT_LIMIT = Duration.ofSeconds(60);
    private static final Duration OUTCOME_LIMIT = Duration.ofSeconds(20);
    private static final Duration READ_BACK_LIMIT = Duration.ofSeconds(60);
    private static final Duration SETTLE = Duration.ofSeconds(1);

    private final DemoOptions options;
    private final Path directory;
    private final LiveView view;
    private final DemoReport report;
    private List<DiskFault> diskFaults = List.of();
    private DiskCheck.Load diskLoad;
    private volatile boolean stopping;

    DemoRun(DemoOptions options, Path directory) {
        this.options = options;
        this.directory = directory;
        this.view = new LiveView(System.out, LiveView.isTerminal());
        this.report = new DemoReport(options);
    }

    /** Returns the exit code. */
    int run() {
        view.say("seed " + options.seed() + ": --seed " + options.seed() + " repeats this run's moment and data");
        view.say("to be broken: " + options.kill().what() + "; expected: "
                + options.kill().expected());
        int code = 1;
        try (PairRig rig = open()) {
            Thread hook = new Thread(() -> stop(rig), "demo-stop");
            Runtime.getRuntime().addShutdownHook(hook);
            try {
                drive(rig);
                code = 0;
            } catch (RigException | RuntimeException e) {
                awaitEndIfStopping();
                fail(rig, e instanceof RigException ? e.getMessage() : e.toString());
            }
        } catch (RigException e) {
            awaitEndIfStopping();
            view.say("FAILED: " + e.getMessage());
            report.failure(e.getMessage());
        }
        awaitEndIfStopping();
        return write() ? code : 1;
    }

    private PairRig open() throws RigException {
        PairConfig config = PairConfig.standard(directory, options.guestDir())
                .withNetns(options.netns())
                .withGuestMemory(options.memoryMib() + "m");
        if (options.disk()) {
            config = config.withDisk(RigDisk.standard());
        }
        if (options.epochMs() != 25) {
            String epoch = Math.round(options.epochMs() * 1000) + "us";
            config = config.withPolicy("epoch", epoch);
            if (options.epochMs() < 5) {
                config = config.withPolicy("min-epoch", epoch);
            }
        }
        view.say("building the network" + (options.netns() ? " (two namespaces joined by veth)" : "") + " ...");
        return PairRig.open(config);
    }

    private void drive(PairRig rig) throws RigException {
        view.say("starting host b and host a ...");
        rig.startBoth();
        view.say("booting the guest (" + options.memoryMib() + " MiB) ...");
        long startNs = System.nanoTime();
        rig.awaitGuest(BOOT_LIMIT);
        view.say(String.format(Locale.ROOT, "the guest is up after %.1f s", (System.nanoTime() - startNs) / 1e9));
        LoadConfig load = LoadConfig.standard("demo", options.seed());
        try (LoadClient client = rig.startClient(load, Duration.ofSeconds(30))) {
            view.say("the client is connected; its one TCP connection lives until the end");
            Duration left = PROTECT_LIMIT;
            view.say("copying the guest's memory to host b while it runs ...");
            rig.awaitProtected(left);
            view.say("PROTECTED: every answer the client sees can survive the loss of host a");
            live(rig, client);
        } finally {
            view.end();
        }
    }

    private void live(PairRig rig, LoadClient client) throws RigException {
        if (options.disk()) {
            DiskSteps.Watch watch = (what, limit, condition) -> awaitWatching(rig, client, what, limit, condition);
            diskFaults = new DiskSteps(rig, client, view, report, watch).run();
        }
        SplittableRandom random = new SplittableRandom(options.seed());
        long wholeNs = options.seconds() * 1_000_000_000L;
        long startNs = System.nanoTime();
        long killAtNs = startNs + (long) (wholeNs * (0.3 + 0.3 * random.nextDouble()));
        client.takeLatency();
        client.takeGapNs();
        watch(rig, client, killAtNs);
        bringHome(rig, client);
        report.protectedPhase(rig.status(Side.A), client.takeGapNs());
        long brokenNs = System.nanoTime();
        if (options.kill() != KillKind.NONE) {
            view.say(String.format(
                    Locale.ROOT,
                    "NOW, after %.3f s: %s",
                    (brokenNs - startNs) / 1e9,
                    options.kill().what()));
        }
        report.brokenAfterMs((brokenNs - startNs) / 1e6);
        long qemuOfA = rig.host(Side.A).qemuPid();
        breakIt(rig);
        awaitOutcome(rig, client, qemuOfA);
        Side runner = rig.runner();
        JsonNode receipt = runner == Side.B ? rig.status(Side.B).receipt() : MissingNode.getInstance();
        report.outcome(outcomeText(runner), receipt);
        view.say("outcome: " + outcomeText(runner));
        long goOnNs = Math.max(startNs + wholeNs, System.nanoTime() + 3_000_000_000L);
        watch(rig, client, goOnNs);
        report.gapNs(client.takeGapNs());
        view.say("reading everything back ...");
        finish(rig, client, receipt);
    }

    /** On a machine too busy to beat its heart in time the guest may have moved already; what is to be broken is host a. */
    private void bringHome(PairRig rig, LoadClient client) throws RigException {
        while (true) {
            long sinceNs = System.nanoTime();
            awaitWatching(
                    rig, client, "the guest to be protected", PROTECT_LIMIT, () -> rig.protectedSince(sinceNs) != null);
            if (rig.runner() == Side.A) {
                return;
            }
            String cause = rig.status(Side.B).receipt().path("cause").asText("nobody knows why");
            view.say("the guest moved to host b before anything was broken (" + cause + "); switching it back ...");
            rig.host(Side.B).ask("switchover", OUTCOME_LIMIT);
            awaitWatching(rig, client, "host a to run the guest again", OUTCOME_LIMIT, () -> rig.runner() == Side.A);
        }
    }

    private void finish(PairRig rig, LoadClient client, JsonNode receipt) throws RigException {
        if (options.disk()) {
            view.say("the guest forgets its page cache, and Redis loads all its data from the disk ...");
            // Redis answers nobody while it loads.
            if (!client.pause(READ_BACK_LIMIT)) {
                throw new RigException("the client waits for answers: " + client.problem());
            }
            DiskCheck.reload(rig, READ_BACK_LIMIT);
            client.goOn();
            diskLoad = DiskSteps.sound(rig);
            report.diskLoad(diskLoad);
        }
        LoadReport seen = client.finish(READ_BACK_LIMIT);
        report.client(seen);
        report.hosts(rig.status(Side.A), rig.status(Side.B));
        view.end();
        if (!seen.verified()) {
            throw new RigException(seen.problem());
        }
        if (options.kill() == KillKind.NONE && !rig.status(Side.A).isProtected()) {
            throw new RigException("the guest is not protected any more: " + rig.status(Side.A));
        }
        ReceiptBox box = new ReceiptBox(receipt, seen, report.gapNs(), options);
        box.disk(diskFaults, diskLoad);
        box.print(System.out);
        report.verified();
    }

    private void breakIt(PairRig rig) throws RigException {
        switch (options.kill()) {
            case A -> rig.kill(Side.A);
            case B -> rig.kill(Side.B);
            case QEMU_A -> rig.host(Side.A).killQemu();
            case ENGINE_A -> rig.host(Side.A).killEngine();
            case LINK -> rig.cut();
            case NONE -> {}
        }
    }

    private void awaitOutcome(PairRig rig, LoadClient client, long qemuOfA) throws RigException {
        KillKind kill = options.kill();
        if (kill == KillKind.NONE) {
            return;
        }
        awaitWatching(rig, client, kill.expected(), OUTCOME_LIMIT, () -> switch (kill) {
            case B -> rig.status(Side.A).isRunningGuest() && !rig.status(Side.A).isProtected();
            case LINK -> rig.runner() != null && !rig.status(rig.runner()).isProtected();
            default -> rig.runner() == Side.B && !rig.status(Side.B).receipt().isMissingNode();
        });
        if (kill == KillKind.ENGINE_A) {
            awaitWatching(
                    rig,
                    client,
                    "host a's QEMU to die with its engine",
                    OUTCOME_LIMIT,
                    () -> !ProcessFacts.isRunning(qemuOfA));
        }
        Side runner = rig.runner();
        if (kill == KillKind.LINK) {
            watch(rig, client, System.nanoTime() + SETTLE.toNanos());
            HostStatus other = rig.status(runner == null ? Side.A : runner.other());
            if (runner == null || rig.runner() != runner || other.isRunningGuest()) {
                throw new RigException("not exactly one host goes on; host a: " + rig.status(Side.A) + "; host b: "
                        + rig.status(Side.B));
            }
        }
        long answers = client.operations();
        awaitWatching(
                rig, client, "the client's next answers", OUTCOME_LIMIT, () -> client.operations() > answers + 10);
    }

    private static String outcomeText(Side runner) {
        return runner == null ? "no single host runs the guest" : "host " + runner.hostName() + " runs the guest";
    }

    private void awaitWatching(PairRig rig, LoadClient client, String what, Duration limit, BooleanSupplier condition)
            throws RigException {
        rig.await(what, limit, () -> {
            view.update(rig, client);
            return !client.isRunning() || condition.getAsBoolean();
        });
        requireRunning(client);
    }

    private void watch(PairRig rig, LoadClient client, long untilNs) throws RigException {
        while (System.nanoTime() - untilNs < 0) {
            view.update(rig, client);
            requireRunning(client);
            if (stopping) {
                throw new RigException("stopped");
            }
            LockSupport.parkNanos(Math.min(20_000_000, Math.max(1, untilNs - System.nanoTime())));
        }
    }

    private static void requireRunning(LoadClient client) throws RigException {
        if (!client.isRunning()) {
            throw new RigException("the client failed: " + client.problem());
        }
    }

    private void fail(PairRig rig, String why) {
        view.end();
        view.say("FAILED: " + why);
        rig.lastWords(options.verbose() ? 200 : 12).forEach(view::say);
        view.say("FAILED (seed " + options.seed() + "): " + why);
        report.failure(why);
        report.hosts(rig.status(Side.A), rig.status(Side.B));
    }

    private boolean write() {
        if (options.json() == null) {
            return true;
        }
        try {
            report.write(options.json());
            view.say("report: " + options.json());
            return true;
        } catch (IOException e) {
            view.say("FAILED: cannot write " + options.json() + ": " + e.getMessage());
            return false;
        }
    }

    /** Ctrl-C: the launcher sends SIGTERM and gives some seconds. */
    private void stop(PairRig rig) {
        if (report.isFinished()) {
            return;
        }
        stopping = true;
        view.end();
        view.say("stopping ...");
        rig.close();
    }

    /** While the virtual machine shuts down, the hook has the word. */
    private void awaitEndIfStopping() {
        while (stopping) {
            LockSupport.parkNanos(1_000_000_000);
        }
    }
}
