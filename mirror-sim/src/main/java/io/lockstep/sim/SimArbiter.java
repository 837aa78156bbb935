package io.lockstep.sim;

import io.lockstep.mirror.spi.Arbiter;

/** The state file on storage both hosts see: compare and set of one number, with delays, and times in which it cannot be reached. */
final class SimArbiter {
    private final World world;
    private final long[] unavailableUntilNs = new long[2];
    private long highest;
    private int holder = -1;

    SimArbiter(World world) {
        this.world = world;
    }

    long highest() {
        return highest;
    }

    void unavailable(int node, long untilNs) {
        unavailableUntilNs[node] = untilNs;
    }

    /** True if this is the highest term and that node won it. */
    boolean isHeldBy(int node, long term) {
        return highest == term && holder == node;
    }

    boolean isAvailable(int node) {
        return world.nowNs >= unavailableUntilNs[node];
    }

    Arbiter handle(int node) {
        return new Handle(node);
    }

    private final class Handle implements Arbiter {
        private final int node;
        private Outcome outcome = Outcome.NONE;
        private String detail = "";
        private long expected;
        private long decideNs;
        private long known;
        /** What a read that is under way will find; whoever was stopped meanwhile learns it late. */
        private long reading;

        private long refreshNs;

        Handle(int node) {
            this.node = node;
            known = highest;
        }

        @Override
        public void claim(long expectedTerm, String why) {
            if (outcome == Outcome.PENDING) {
                throw new InvariantViolation("port", "a claim is made while one is pending: " + why);
            }
            outcome = Outcome.PENDING;
            detail = "";
            expected = expectedTerm;
            decideNs = world.nowNs + world.between(0, 6 * World.MS);
        }

        @Override
        public Outcome outcome() {
            if (outcome == Outcome.PENDING && world.nowNs >= decideNs) {
                decide();
            }
            return outcome;
        }

        private void decide() {
            boolean reachable = isAvailable(node);
            if (!reachable && !world.chance(300)) {
                unavailable();
                return;
            }
            boolean free = highest == expected;
            boolean mine = highest == expected + 1 && holder == node;
            if (free) {
                highest++;
                holder = node;
                world.event("arbiter: node " + node + " wins term " + highest);
            }
            if (!reachable) {
                unavailable();
                return;
            }
            known = highest;
            outcome = free || mine ? Outcome.WON : Outcome.LOST;
            detail = free || mine ? "" : "node " + holder + " holds term " + highest;
            world.event("arbiter: claim of node " + node + " for term " + (expected + 1) + " is " + outcome);
        }

        private void unavailable() {
            outcome = Outcome.UNAVAILABLE;
            detail = "storage does not answer";
            world.event("arbiter: node " + node + " cannot reach it");
        }

        @Override
        public long highestTerm() {
            if (world.nowNs >= refreshNs) {
                known = Math.max(known, reading);
                reading = isAvailable(node) ? highest : known;
                refreshNs = world.nowNs + world.between(World.MS, 60 * World.MS);
            }
            return known;
        }

        @Override
        public String detail() {
            return detail;
        }
    }
}
