package io.lockstep.host.drill;

import com.fasterxml.jackson.databind.JsonNode;
import io.lockstep.host.load.LoadClient;
import io.lockstep.host.load.LoadConfig;
import io.lockstep.host.load.LoadReport;
import io.lockstep.host.rig.HostProcess;
import io.lockstep.host.rig.PairConfig;
import io.lockstep.host.rig.PairRig;
import io.lockstep.host.rig.RigException;
import io.lockstep.host.rig.Side;
import io.lockstep.host.rig.Waiting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** What a scenario plays on: the pair, its client, chance, and the rows it fills. */
final class Stage implements AutoCloseable {
    static final Duration PROTECT_LIMIT = Duration.ofSeconds(45);
    static final Duration TAKEOVER_LIMIT = Duration.ofSeconds(15);
    static final Duration ANSWER_LIMIT = Duration.ofSeconds(15);
    private static final Duration READ_BACK_LIMIT = Duration.ofSeconds(40);
    private static final int SWITCHOVERS = 3;
    private static int clients;

    private final String scenario;
    private final DrillOptions options;
    private final Pairs pairs;
    private final Consumer<String> progress;
    private final SplittableRandom random;
    private final List<Row> rows = new ArrayList<>();
    private PairRig rig;
    private LoadClient client;

    Stage(String scenario, DrillOptions options, Pairs pairs, Consumer<String> progress) {
        this.scenario = scenario;
        this.options = options;
        this.pairs = pairs;
        this.progress = progress;
        // Each scenario has its own stream of chance, so that it plays the same alone as among others.
        this.random = new SplittableRandom(options.seed() * 1_000_003 + scenario.hashCode());
    }

    /** Takes a pair whose guest is protected, and connects a client. */
    PairRig whole(PairConfig config) throws RigException {
        say("waiting for a protected guest ...");
        rig = pairs.whole(config);
        connect(LoadConfig.standard("any", 0));
        return rig;
    }

    /** Replaces the client by one with another load; the one before must have been finished. */
    void connect(LoadConfig like) throws RigException {
        LoadConfig load =
                new LoadConfig("c" + ++clients, random.nextLong(), like.keys(), like.valueBytes(), like.depth());
        client = rig.startClient(load, ANSWER_LIMIT);
    }

    /** A pair with nothing started and no client. */
    PairRig empty(PairConfig config) throws RigException {
        rig = pairs.open(config);
        return rig;
    }

    PairConfig standard() {
        return pairs.standard();
    }

    /** The pair is of no use to others any more: it ends now. */
    void spoiled() {
        pairs.drop();
    }

    PairRig rig() {
        return rig;
    }

    LoadClient client() {
        return client;
    }

    SplittableRandom random() {
        return random;
    }

    int rounds() {
        return options.rounds();
    }

    List<Row> rows() {
        return rows;
    }

    void say(String text) {
        progress.accept(scenario + "  " + text);
    }

    /** From here on, what happens belongs to a new row. */
    void begin(String broken, String expected) {
        rows.add(new Row(scenario, broken, expected, options.seed()));
        say(broken);
    }

    /** The row is done and good. */
    void pass(String outcome) {
        row().pass(outcome);
        say("  " + outcome);
    }

    /** The row is done and bad. */
    void fail(String outcome) {
        if (rows.isEmpty() || row().passed()) {
            begin("(between two cases)", "nothing special");
        }
        row().fail(outcome);
    }

    private Row row() {
        return rows.get(rows.size() - 1);
    }

    /** Adds a recovery time to the row. */
    void recovered(double ms) {
        row().recovered(ms);
    }

    void pause(long ms) {
        Waiting.pause(ms);
    }

    /** Somewhere from 0 to {@code mostMs} later. */
    void pauseRandomly(int mostMs) {
        Waiting.pause(random.nextInt(mostMs + 1));
    }

    void check(boolean condition, String otherwise) throws RigException {
        if (!condition) {
            throw new RigException(otherwise);
        }
    }

    /** Waits, and notices if the client fails meanwhile. */
    void await(String what, Duration limit, BooleanSupplier condition) throws RigException {
        rig.await(what, limit, () -> (client != null && !client.isRunning()) || condition.getAsBoolean());
        requireClient();
    }

    void requireClient() throws RigException {
        check(client == null || client.isRunning(), client == null ? "" : "the client failed: " + client.problem());
    }

    /** Waits for protection, as said from now on and not a moment before; returns the host that runs the guest. */
    Side awaitProtected() throws RigException {
        long sinceNs = System.nanoTime();
        Side[] found = new Side[1];
        await("the guest to be protected", PROTECT_LIMIT, () -> {
            found[0] = rig.protectedSince(sinceNs);
            return found[0] != null;
        });
        return found[0];
    }

    /** A random moment, up to {@code mostMs} from now, at which the guest is protected; returns the host that runs it. */
    Side awaitMoment(int mostMs) throws RigException {
        awaitProtected();
        pauseRandomly(mostMs);
        // On a busy machine the hosts may have lost sight of one another meanwhile: a guest alone may be lost, and that
        // proves nothing.
        return awaitProtected();
    }

    /** Waits until a host has taken over with a term above the given one, and the client got answers after it. */
    void awaitTakeover(Side survivor, long termBefore) throws RigException {
        recovered(awaitRunning(survivor, termBefore).path("totalMs").asDouble());
    }

    /** The same, for a time that says nothing; returns the receipt. */
    JsonNode awaitRunning(Side survivor, long termBefore) throws RigException {
        await(
                "host " + survivor.hostName() + " to take over",
                TAKEOVER_LIMIT,
                () -> rig.status(survivor).isRunningGuest()
                        && rig.status(survivor).term() > termBefore
                        && rig.status(survivor).receipt().path("term").asLong() > termBefore);
        JsonNode receipt = rig.status(survivor).receipt();
        awaitAnswers();
        return receipt;
    }

    /** Asks for a switchover, again if protection was lost at that very moment, and waits until the other host runs the guest. */
    void switchover() throws RigException {
        for (int attempt = 1; ; attempt++) {
            Side runner = awaitProtected();
            long term = rig.status(runner).term();
            try {
                rig.host(runner).ask("switchover", TAKEOVER_LIMIT);
                await(
                        "host " + runner.other().hostName() + " to run the guest",
                        TAKEOVER_LIMIT,
                        () -> rig.status(runner.other()).isRunningGuest()
                                && rig.status(runner.other()).term() > term);
                return;
            } catch (RigException e) {
                if (attempt == SWITCHOVERS) {
                    throw e;
                }
                say("  " + e.getMessage());
            }
        }
    }

    /** Waits for answers to commands that were sent from now on. */
    void awaitAnswers() throws RigException {
        long answers = client.operations();
        await("the client's next answers", ANSWER_LIMIT, () -> client.operations() > answers + 32);
    }

    /** Starts a host again and waits until the pair is whole. */
    Side restart(Side side) throws RigException {
        HostProcess before = rig.host(side);
        check(before.awaitEnd(Duration.ofSeconds(5)), "host " + side.hostName() + " has not ended");
        rig.start(side);
        return awaitProtected();
    }

    /** Ends the client's run: every answer and every key must be right. Returns what it saw. */
    LoadReport verify() throws RigException {
        LoadReport report = client.finish(READ_BACK_LIMIT);
        client = null;
        check(report.verified(), "the client: " + report.problem());
        check(report.operations() > 100, "the client did next to nothing: " + report.operations() + " operations");
        return report;
    }

    @Override
    public void close() {
        if (client != null) {
            client.close();
        }
    }
}
