package io.lockstep.bench.rig;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lockstep.bench.report.Medians;
import io.lockstep.host.load.LoadClient;
import io.lockstep.host.load.LoadConfig;
import io.lockstep.host.load.LoadReport;
import io.lockstep.host.rig.PairConfig;
import io.lockstep.host.rig.PairRig;
import io.lockstep.host.rig.RigException;
import io.lockstep.host.rig.Side;
import io.lockstep.host.rig.Waiting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * SIGKILL to engine and QEMU of the host that runs the guest, again and again: the partner takes over, the killed host is started again
 * and becomes the partner. One client with one connection lives through all of it and verifies every answer.
 */
final class FailoverSeries {
    private static final Duration BOOT_LIMIT = Duration.ofSeconds(90);
    private static final Duration PROTECT_LIMIT = Duration.ofSeconds(60);
    private static final Duration TAKEOVER_LIMIT = Duration.ofSeconds(20);
    private static final int LEAST_MS = 1_000;
    private static final int MOST_MS = 2_000;

    private final RigOptions options;
    private final Consumer<String> say;

    FailoverSeries(RigOptions options, Consumer<String> say) {
        this.options = options;
        this.say = say;
    }

    /** Runs it. */
    ObjectNode run() throws RigException {
        ObjectNode result = new ObjectMapper().createObjectNode();
        List<ObjectNode> rounds = new ArrayList<>();
        PairConfig config = PairConfig.standard(options.directory().resolve("failover"), options.guestDir());
        try (PairRig rig = PairRig.open(config)) {
            say.accept("booting");
            rig.startBoth();
            rig.awaitGuest(BOOT_LIMIT);
            try (LoadClient client = rig.startClient(LoadConfig.standard("bench", 42), Duration.ofSeconds(30))) {
                SplittableRandom random = new SplittableRandom(42);
                for (int round = 0; round < options.failovers(); round++) {
                    say.accept("failover " + (round + 1) + " of " + options.failovers());
                    rounds.add(failover(rig, client, random));
                }
                LoadReport seen = client.finish(Duration.ofSeconds(60));
                if (!seen.verified()) {
                    throw new RigException("the client: " + seen.problem());
                }
                result.put("answersVerified", seen.operations());
            }
        }
        result.set("median", Medians.of(rounds));
        result.put(
                "worstTotalMs",
                rounds.stream()
                        .mapToDouble(round -> round.path("totalMs").asDouble())
                        .max()
                        .orElse(Double.NaN));
        rounds.forEach(result.putArray("rounds")::add);
        return result;
    }

    private ObjectNode failover(PairRig rig, LoadClient client, SplittableRandom random) throws RigException {
        Side victim = rig.awaitProtected(PROTECT_LIMIT);
        Side heir = victim.other();
        Waiting.pause(random.nextInt(LEAST_MS, MOST_MS));
        client.takeGapNs();
        long answers = client.operations();
        rig.kill(victim);
        rig.await(
                "host " + heir.hostName() + " to take over",
                TAKEOVER_LIMIT,
                () -> !client.isRunning()
                        || (rig.status(heir).isRunningGuest()
                                && rig.status(heir)
                                                .receipt()
                                                .path("firstFrameMs")
                                                .asDouble(-1)
                                        >= 0
                                && client.silentNs() < 50_000_000));
        if (!client.isRunning()) {
            throw new RigException("the client failed: " + client.problem());
        }
        rig.await("the client's next answers", TAKEOVER_LIMIT, () -> client.operations() > answers + 10);
        JsonNode receipt = rig.status(heir).receipt();
        ObjectNode round = new ObjectMapper().createObjectNode();
        for (String part : List.of("detectMs", "fenceMs", "loadMs", "firstFrameMs", "totalMs")) {
            round.put(part, receipt.path(part).asDouble());
        }
        round.put("clientGapMs", client.takeGapNs() / 1e6)
                .put("droppedRecords", receipt.path("droppedRecords").asLong())
                .put("cause", receipt.path("cause").asText());
        long startNs = System.nanoTime();
        rig.start(victim);
        rig.awaitProtected(PROTECT_LIMIT);
        return round.put("protectedAgainMs", (System.nanoTime() - startNs) / 1e6);
    }
}
