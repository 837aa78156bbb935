package io.lockstep.sim;

import io.lockstep.mirror.spi.StorageHeartbeat;

/** The heartbeat over storage: every host that lives and reaches storage beats. */
final class SimBeat {
    private final World world;
    private final long[] lostUntilNs = new long[2];
    private final long[] beatNs = {Long.MIN_VALUE, Long.MIN_VALUE};

    SimBeat(World world) {
        this.world = world;
    }

    void lose(int node, long untilNs) {
        lostUntilNs[node] = untilNs;
    }

    private boolean reaches(int node) {
        return world.nowNs >= lostUntilNs[node];
    }

    void beat(int node) {
        if (reaches(node)) {
            beatNs[node] = world.nowNs;
        }
    }

    StorageHeartbeat reader(int node) {
        return new StorageHeartbeat() {
            private long seen = Long.MIN_VALUE;

            @Override
            public long peerSeenNs() {
                if (reaches(node)) {
                    seen = Math.max(seen, beatNs[1 - node]);
                }
                return seen;
            }

            @Override
            public String problem() {
                return reaches(node) ? "" : "storage does not answer";
            }
        };
    }
}
