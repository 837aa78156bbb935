package io.lockstep.sim;

import io.lockstep.mirror.spi.GuestDisk;
import io.lockstep.mirror.spi.ReplicaDisk;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.agrona.DirectBuffer;

/** The secondary's side of a disk: a copy that follows, or the disk of both that is only written once it is owned. */
final class SimReplicaDisk implements ReplicaDisk {
    private static final int ROOM = 60;
    private static final long OPEN = Long.MAX_VALUE;

    private record Epoch(long number, Map<Integer, Long> blocks) {}

    private final World world;
    private final Cluster cluster;
    private final Node node;
    private final Platter platter;
    private final boolean journaled;
    private final Map<Integer, Long> staged = new LinkedHashMap<>();
    private final ArrayDeque<Epoch> waiting = new ArrayDeque<>();
    private final Map<Integer, Long> retained = new HashMap<>();
    private final long[] since;
    private boolean syncing;
    private long syncToken;
    private long applied;
    private long durable;
    private long slowUntilNs;
    private long ownedAtNs;
    private long term;
    private SimDisk owned;
    private String problem = "";

    SimReplicaDisk(Cluster cluster, Node node, Platter platter, boolean journaled) {
        this.cluster = cluster;
        this.world = cluster.world();
        this.node = node;
        this.platter = platter;
        this.journaled = journaled;
        platter.replay();
        since = new long[platter.blocks()];
        Arrays.fill(since, OPEN);
    }

    void slowUntil(long untilNs) {
        slowUntilNs = untilNs;
    }

    void fail(String why) {
        problem = why;
    }

    /** What a reader of this disk sees at the last commit. */
    long[] view() {
        long[] view = platter.content.clone();
        waiting.forEach(epoch -> epoch.blocks().forEach((block, value) -> view[block] = value));
        retained.forEach((block, value) -> view[block] = value);
        return view;
    }

    /** The copy takes some of what waits for it, perhaps a part of an epoch. */
    void step() {
        if (term > 0 && owned == null && world.nowNs >= ownedAtNs) {
            attach();
        }
        if (world.nowNs < slowUntilNs || platter.shared || owned != null || !problem.isEmpty()) {
            return;
        }
        for (int i = world.dice.nextInt(9); i > 0 && !waiting.isEmpty(); i--) {
            applyOne();
        }
        if (world.chance(150)) {
            platter.flush();
            platter.journal.headMap(applied, true).clear();
            durable = Math.max(durable, applied);
        }
    }

    private void applyOne() {
        Epoch epoch = waiting.peek();
        if (journaled && epoch.number() > durable) {
            if (applied == 0 || durable == 0) {
                return; // the synchronised blocks below must be flushed first
            }
            platter.journal.put(epoch.number(), new HashMap<>(epoch.blocks()));
            durable = epoch.number();
        }
        var blocks = epoch.blocks().entrySet().iterator();
        if (blocks.hasNext()) {
            var block = blocks.next();
            platter.write(OPEN, block.getKey(), block.getValue());
            blocks.remove();
        }
        if (epoch.blocks().isEmpty()) {
            applied = epoch.number();
            waiting.remove();
        }
    }

    /** Writes what this host kept to the disk of both. */
    void writeRetained() {
        retained.forEach((block, value) -> {
            ReplicaCheck.mayWriteLun(cluster, node.id(), term);
            platter.write(Math.max(term, 1), block, value);
        });
        retained.clear();
    }

    private void attach() {
        while (!waiting.isEmpty()) {
            applyAll(waiting.remove());
        }
        if (platter.shared) {
            platter.fence(term);
            writeRetained();
        } else {
            platter.flush();
            platter.journal.clear();
            platter.bases.clear();
        }
        owned = new SimDisk(cluster, platter, term, node::diskWritten);
    }

    private void applyAll(Epoch epoch) {
        epoch.blocks().forEach((block, value) -> platter.write(OPEN, block, value));
    }

    SimDisk guestDisk() {
        return owned;
    }

    @Override
    public long blockCount() {
        return platter.blocks();
    }

    @Override
    public long token() {
        return platter.token;
    }

    @Override
    public boolean hasRoom() {
        int behind = waiting.stream().mapToInt(epoch -> epoch.blocks().size()).sum();
        return behind + (syncing ? 0 : staged.size()) <= ROOM;
    }

    @Override
    public void stage(long block, DirectBuffer source, int offset) {
        int number = (int) block;
        long value = source.getLong(offset);
        platter.marks.set(number);
        since[number] = OPEN;
        if (syncing && !platter.shared) {
            platter.write(OPEN, number, value);
        } else {
            staged.put(number, value);
        }
    }

    @Override
    public void commit(long epoch) {
        for (int block = 0; block < since.length; block++) {
            since[block] = Math.min(since[block], epoch);
        }
        if (platter.shared) {
            retained.putAll(staged);
        } else {
            waiting.add(new Epoch(epoch, new LinkedHashMap<>(staged)));
            platter.token = syncToken;
            if (syncing) {
                waiting.clear();
                applied = epoch;
            }
        }
        syncing = false;
        staged.clear();
    }

    @Override
    public void dropUnfinished() {
        staged.clear();
    }

    @Override
    public void synchronising(long primaryToken) {
        while (!waiting.isEmpty()) {
            applyAll(waiting.remove());
        }
        platter.replay();
        retained.clear();
        syncing = true;
        syncToken = primaryToken;
        applied = 0;
        durable = 0;
        Arrays.fill(since, OPEN);
    }

    @Override
    public long durableEpoch() {
        return platter.shared ? Long.MAX_VALUE : durable;
    }

    @Override
    public void partnerDurable(long epoch) {
        for (int block = 0; block < since.length; block++) {
            if (since[block] <= epoch) {
                retained.remove(block);
                platter.marks.clear(block);
            }
        }
    }

    @Override
    public void own(long wonTerm) {
        dropUnfinished();
        term = wonTerm;
        ownedAtNs = world.nowNs + world.between(0, 5 * World.MS);
    }

    @Override
    public Ownership ownership() {
        if (!problem.isEmpty()) {
            return Ownership.FAILED;
        }
        return owned != null ? Ownership.OWNED : term > 0 ? Ownership.CLAIMING : Ownership.FOLLOWING;
    }

    @Override
    public GuestDisk asGuestDisk() {
        return owned;
    }

    @Override
    public String problem() {
        return problem;
    }
}
