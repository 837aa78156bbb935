package io.lockstep.sim;

import io.lockstep.mirror.failover.MirrorState;
import io.lockstep.mirror.record.AckLevel;
import io.lockstep.mirror.record.Blob;
import io.lockstep.mirror.record.BulkReader;
import io.lockstep.mirror.record.ControlReader;
import io.lockstep.mirror.record.Encoding;
import io.lockstep.mirror.record.RecordFault;
import java.util.HashMap;
import java.util.Map;
import org.agrona.DirectBuffer;

/** Looks at everything after every step, and at every frame between the hosts, and throws when a promise is broken. */
final class Checker {
    private final World world;
    private final Chains chains = new Chains();
    private final Map<Long, Integer> holders = new HashMap<>();
    private Node[] nodes = {};
    private boolean damageHidden;

    Checker(World world) {
        this.world = world;
    }

    void watch(Node... watched) {
        nodes = watched;
    }

    /** From now on frames or memory may be damaged in a way that no checksum of the transport sees. */
    void damageIsHidden() {
        damageHidden = true;
    }

    void bounded(String invariant, String what, long value, long limit) {
        if (value > limit) {
            throw new InvariantViolation(invariant, what + " are " + value + ", limit " + limit);
        }
    }

    /** A core refused what its peer sent. Right if it was damaged, a mistake of the protocol if it was not. */
    void faulted(int node, RuntimeException fault) {
        world.event("node " + node + " faults the link: " + fault);
        if (!(fault instanceof RecordFault)) {
            throw new InvariantViolation("I8", "a bad frame is not answered with a RecordFault", fault);
        }
        // Hosts change roles while frames are on their way: a primary may hear what was meant for the secondary it was.
        boolean roleChange = nodes[node].primary() != null && nodes[node].term() > 1;
        if (!damageHidden && !roleChange && !(nodes[0].primary() != null && nodes[1].primary() != null)) {
            throw new InvariantViolation("protocol", "node " + node + " refuses what a healthy peer sent", fault);
        }
    }

    void diverged(int node, String notice) {
        if (!damageHidden) {
            throw new InvariantViolation("I6", "node " + node + " without damage: " + notice);
        }
    }

    /** A frame leaves: the other host, if it could take over now, must be able to reproduce it. */
    void released(int node, long counter) {
        Node partner = nodes[1 - node];
        if (!partner.couldTakeOver(nodes[node].term())) {
            return;
        }
        long replica = nodes[node].counterAt(partner.replicaEpoch());
        if (counter > replica) {
            throw new InvariantViolation(
                    "I1",
                    "node " + node + " releases a frame of step " + counter + ", but the replica is at step "
                            + replica);
        }
    }

    /** A write is on a copy: it can be seen by whoever reads that later, so it is an output like any other (invariant I3). */
    void reachedDisk(int node, long step) {
        Node partner = nodes[1 - node];
        if (partner.couldTakeOver(nodes[node].term()) && step > nodes[node].counterAt(partner.replicaEpoch())) {
            throw new InvariantViolation(
                    "I3",
                    "node " + node + " writes to its copy what the guest wrote in step " + step
                            + ", but the replica is at step " + nodes[node].counterAt(partner.replicaEpoch()));
        }
    }

    void afterStep() {
        for (Node node : nodes) {
            node.check();
            MirrorState state = node.state();
            if (state == null || !node.isAlive()) {
                continue;
            }
            if (state.ordinal() > MirrorState.STARTING.ordinal()
                    && node.reason().isEmpty()
                    && state != MirrorState.WAITING) {
                throw new InvariantViolation("I9", "node " + node.id() + " is " + state + " without a reason");
            }
            if (holdsTerm(state)) {
                Integer before = holders.putIfAbsent(node.term(), node.id());
                if (before != null && before != node.id()) {
                    throw new InvariantViolation(
                            "I2", "nodes " + before + " and " + node.id() + " both hold term " + node.term());
                }
            }
        }
    }

    private static boolean holdsTerm(MirrorState state) {
        return switch (state) {
            case SIMPLEX, SYNCING, ARMING, PROTECTED, HANDING_OVER, ACTIVATING, LIVE -> true;
            default -> false;
        };
    }

    void bulkSent(int node, DirectBuffer buffer, int length) {
        chains.reader.read(buffer, 0, length, chains);
    }

    void controlSent(int node, DirectBuffer buffer, int offset, int length) {
        chains.control.read(buffer, offset, length, chains);
    }

    /** The chain values both sides speak of (invariant I6). */
    private static final class Chains implements BulkReader.Visitor, ControlReader.Visitor {
        final BulkReader reader = new BulkReader();
        final ControlReader control = new ControlReader();
        private final Map<Long, Long> sent = new HashMap<>();
        private long generation;

        private static long key(long generation, long epoch) {
            return generation << 32 | epoch;
        }

        @Override
        public boolean onFrame(long frameGeneration, long firstPosition, long recordCount) {
            generation = frameGeneration;
            return true;
        }

        @Override
        public void onSyncStart(
                long imageId, long pageCount, long fromEpoch, long chain, long blockCount, long diskToken) {}

        @Override
        public void onPage(long page, Encoding encoding, long digest, DirectBuffer buffer, int offset, int length) {}

        @Override
        public void onChunk(Blob blob, long blobOffset, long total, DirectBuffer buffer, int offset, int length) {}

        @Override
        public void onEpochEnd(long epoch, long pages, long stateLength, long digest, long chain) {
            sent.put(key(generation, epoch), chain);
        }

        @Override
        public void onAck(
                AckLevel level, long forGeneration, long position, long epoch, long chain, long durableEpoch) {
            Long expected = epoch == 0 ? null : sent.get(key(forGeneration, epoch));
            if (expected != null && expected != chain) {
                throw new InvariantViolation(
                        "I6",
                        "chain at epoch " + epoch + " is " + chain + " on the secondary, " + expected
                                + " on the primary");
            }
        }

        @Override
        public void onProtect(
                long imageId,
                long forGeneration,
                long term,
                long pageCount,
                long blockCount,
                String vm,
                byte[] guest) {}

        @Override
        public void onVerdict(
                boolean accepted,
                long forGeneration,
                long image,
                long epoch,
                long chain,
                long diskToken,
                String reason) {}

        @Override
        public void onHeartbeat(long sequence, long sentNs, long term, long durableEpoch) {}

        @Override
        public void onHeartbeatEcho(long sequence, long sentNs) {}

        @Override
        public void onDivergence(long epoch, long page, long expected, long actual, String what) {}

        @Override
        public void onHandOver(long epoch, long term, io.lockstep.mirror.record.HandOverReason reason) {}

        @Override
        public void onFarewell(String reason) {}
    }
}
