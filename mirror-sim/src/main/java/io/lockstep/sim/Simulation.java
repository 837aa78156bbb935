package io.lockstep.sim;

import io.lockstep.mirror.failover.MirrorState;
import java.util.List;

/**
 * One run: the system starts, chaos for a while, then everything heals and it must come to rest.
 *
 * <p>Every fourth seed instead lets the guest become protected, strikes a blow, and demands that the guest survives it; several times.
 */
public final class Simulation {
    private static final long MS = World.MS;

    /** How a run ended: its trace in one number, for comparing runs, and what it reached, for knowing that runs reach something. */
    public record Outcome(
            long traceHash, boolean guestLives, boolean isProtected, long framesHeard, long highestTerm) {}

    private final long seed;
    private final World world;
    private final Cluster cluster;
    private final Faults faults;
    private long nextHelpNs;

    /** A run of the real core, composed as it should be. */
    public Simulation(long seed) {
        this(seed, Wiring.RIGHT);
    }

    Simulation(long seed, Wiring wiring) {
        this.seed = seed;
        world = new World(seed);
        cluster = new Cluster(world, wiring);
        faults = new Faults(cluster);
    }

    /** The last events, for people. */
    public List<String> lastEvents(int count) {
        return world.trace.last(count);
    }

    /**
     * Runs to the end.
     *
     * @throws InvariantViolation if a promise was broken
     */
    public Outcome run() {
        if (Math.floorMod(seed, 4) == 0) {
            blows();
        } else {
            chaos(world.between(200 * MS, 700 * MS), 5 + world.dice.nextInt(25));
        }
        world.event("-- everything heals");
        return calm();
    }

    Cluster cluster() {
        return cluster;
    }

    void chaos(long durationNs, int perMille) {
        long endNs = world.nowNs + durationNs;
        while (world.nowNs < endNs) {
            step();
            faults.step(perMille);
        }
    }

    private void step() {
        cluster.step(world.between(MS / 20, MS * 8 / 10));
    }

    /** Runs without new faults until the guest is protected; false if that takes longer than {@code limitNs}. */
    boolean untilProtected(long limitNs) {
        long endNs = world.nowNs + limitNs;
        while (world.nowNs < endNs) {
            step();
            maybeHelp();
            Node primary = primary();
            if (primary != null && primary.state() == MirrorState.PROTECTED) {
                return true;
            }
        }
        return false;
    }

    void run(long durationNs) {
        long endNs = world.nowNs + durationNs;
        while (world.nowNs < endNs) {
            step();
        }
    }

    /** Blow after blow, each when the guest is protected again. */
    private void blows() {
        int rounds = 1 + world.dice.nextInt(4);
        for (int round = 0; round < rounds; round++) {
            if (!untilProtected(5_000 * MS)) {
                throw new InvariantViolation("liveness", "not protected 5 s after everything healed");
            }
            run(world.between(0, 60 * MS));
            faults.noise();
            faults.blow();
            run(world.between(100 * MS, 400 * MS));
            SimGuest guest = cluster.outside().current();
            if (guest.isGone()) {
                throw new InvariantViolation("survival", "the guest did not survive one blow: " + guest.problem());
            }
            faults.heal();
        }
    }

    private Node primary() {
        for (int id = 0; id < 2; id++) {
            if (cluster.node(id).isPrimaryAtWork()
                    && cluster.node(id).guest() == cluster.outside().current()) {
                return cluster.node(id);
            }
        }
        return null;
    }

    /** Without faults the system must come to rest: protected, and saying what the guest says now; or the guest is gone for a reason. */
    private Outcome calm() {
        faults.heal();
        long startNs = world.nowNs;
        long frames = -1;
        long wanted = Long.MAX_VALUE;
        while (world.nowNs - startNs < 6_000 * MS) {
            step();
            maybeHelp();
            Node primary = primary();
            if (primary == null || primary.state() != MirrorState.PROTECTED) {
                frames = -1;
                if (world.nowNs - startNs > 600 * MS && isLost()) {
                    return outcome(false, false);
                }
            } else if (frames < 0) {
                frames = cluster.outside().frames();
                wanted = primary.guest().counter() + 1;
            } else if (cluster.outside().heardCounter() >= wanted
                    && cluster.outside().frames() > frames + 3) {
                return outcome(true, true);
            }
        }
        throw new InvariantViolation(
                "liveness",
                "no rest: node 0 is " + describe(cluster.node(0)) + "; node 1 is " + describe(cluster.node(1)));
    }

    private static String describe(Node node) {
        return node.state() + " (" + node.reason() + ")";
    }

    private Outcome outcome(boolean lives, boolean isProtected) {
        world.event("-- at rest: " + describe(cluster.node(0)) + "; " + describe(cluster.node(1)));
        return new Outcome(
                world.trace.hash(),
                lives,
                isProtected,
                cluster.outside().frames(),
                cluster.arbiter().highest());
    }

    /** What an operator does: starts dead hosts, and asks for protection. */
    private void maybeHelp() {
        if (world.nowNs < nextHelpNs) {
            return;
        }
        nextHelpNs = world.nowNs + 50 * MS;
        for (int id = 0; id < 2; id++) {
            Node node = cluster.node(id);
            if (!node.isAlive()
                    || (node.state() != null && node.state().isFinal() && node.state() != MirrorState.LIVE)) {
                faults.restart(node);
            } else if (node.isPrimaryAtWork()) {
                node.primary().protect();
            }
        }
    }

    /** Nobody runs the guest and nobody will. */
    private boolean isLost() {
        for (int id = 0; id < 2; id++) {
            MirrorState state = cluster.node(id).state();
            boolean waits =
                    state == MirrorState.WAITING || state == MirrorState.PREPARING || state == MirrorState.RECEIVING;
            if (!waits && !state.isFinal()) {
                return false;
            }
        }
        return cluster.outside().current().isGone();
    }
}
