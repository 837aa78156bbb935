package io.lockstep.sim;

import io.lockstep.mirror.MirrorListener;
import io.lockstep.mirror.MirrorPolicy;
import io.lockstep.mirror.PrimaryMirror;
import io.lockstep.mirror.PrimaryParts;
import io.lockstep.mirror.SecondaryMirror;
import io.lockstep.mirror.counters.Counters;
import io.lockstep.mirror.failover.MirrorState;
import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.replicate.LinkBoard;
import io.lockstep.mirror.replicate.Replicator;
import io.lockstep.mirror.ring.SendWindow;
import io.lockstep.mirror.spi.Interconnect;
import io.lockstep.mirror.spi.ReplicaDisk;
import io.lockstep.mirror.verify.FailoverReceipt;
import java.util.HashMap;
import java.util.Map;
import org.agrona.DirectBuffer;

/** A host: one process that plays the primary or the secondary, and the guest beside it. Processes stop, die and come back. */
final class Node implements SimStandby.Owner {
    static final String VM = "vm";
    private static final byte[] SPEC = {1, 2, 3};

    private final Cluster cluster;
    private final World world;
    private final int id;
    private boolean alive = true;
    private long stoppedUntilNs;
    private long engineStoppedUntilNs;
    private long linkStoppedUntilNs;
    private PrimaryMirror primary;
    private Replicator replicator;
    private SendWindow window;
    private PageRegion shadow;
    private SecondaryMirror secondary;
    private Interconnect end;
    private SimGuest guest;
    private SimGuest.Tracker tracker;
    private SimStandby standby;
    private final Platter platter;
    private final NodeDisks disks = new NodeDisks();
    private ReplicaDisk wiredCopy;
    private Snapshot attached;
    private Map<Long, Snapshot> snapshots = new HashMap<>();
    private SimGuest origin;
    private Map<Long, Snapshot> originSnapshots = Map.of();
    private long checkedEpoch;

    Node(Cluster cluster, int id, Platter platter) {
        this.cluster = cluster;
        this.world = cluster.world();
        this.id = id;
        this.platter = platter;
    }

    void startPrimary(SimGuest running, SimDisk runningDisk, long term) {
        guest = running;
        disks.disk = runningDisk;
        disks.copy = null;
        tracker = running.new Tracker();
        secondary = null;
        snapshots = new HashMap<>();
        if (end == null) {
            attach();
        }
        MirrorPolicy policy = cluster.wiring().primaryPolicy(cluster.policy());
        window = new SendWindow(policy.windowSlots());
        LinkBoard board = new LinkBoard(cluster.freshNumber() << 10);
        Counters counters = new Counters();
        shadow = PageRegion.onHeap((int) running.memory().pageCount());
        replicator = new Replicator(VM, SPEC, shadow, end, window, board, policy, counters);
        var uplink = cluster.outside().port(id);
        PrimaryParts parts = new PrimaryParts(
                VM,
                running,
                cluster.wiring().tracker(tracker),
                cluster.wiring().guestDisk(disks.disk),
                cluster.wiring().nic(running.nic(), uplink),
                uplink,
                window,
                board,
                cluster.wiring().arbiter(id, cluster.arbiter().handle(id)),
                counters,
                cluster::freshNumber);
        primary = new PrimaryMirror(parts, policy, new Listener(), term, world.nowNs);
    }

    /** The process starts, or plays another role from now on, on the same connection. */
    void startSecondary() {
        alive = true;
        stoppedUntilNs = 0;
        primary = null;
        replicator = null;
        window = null;
        guest = null;
        standby = null;
        disks.disk = null;
        disks.copy = new SimReplicaDisk(cluster, this, platter, cluster.isJournaled());
        wiredCopy = cluster.wiring().replicaDisk(disks.copy);
        checkedEpoch = 0;
        if (end == null) {
            attach();
        }
        secondary = new SecondaryMirror(
                VM,
                (vm, pages, spec) -> prepare(pages),
                end,
                cluster.wiring().arbiter(id, cluster.arbiter().handle(id)),
                cluster.beat().reader(id),
                cluster.policy(),
                new Listener(),
                world.nowNs);
        world.event("node " + id + ": starts as a secondary");
    }

    private void attach() {
        end = cluster.wiring().link(cluster.link().attach(id));
    }

    private io.lockstep.mirror.spi.StandbyVm prepare(long pages) {
        if (pages > 4096) {
            throw new IllegalArgumentException("a guest of " + pages + " pages does not fit");
        }
        standby = new SimStandby(world, this, (int) pages);
        return cluster.wiring().standby(standby);
    }

    /** The host is gone, and the guest with it. */
    void crash(String why) {
        boolean powerCut = world.chance(500);
        world.event("node " + id + ": CRASH, " + why + (powerCut ? ", power cut" : ""));
        alive = false;
        if (powerCut) {
            cutPower();
        }
        disks.disk = null;
        disks.copy = null;
        if (guest != null) {
            guest.die("its host is gone");
        }
        cluster.link().detach(id);
        end = null;
    }

    /** What was acknowledged at level JOURNALED is on the copy all the same (invariant I3). */
    private void cutPower() {
        boolean followed = disks.copy != null && secondary.state() == MirrorState.READY && cluster.isJournaled();
        long durable = followed ? disks.copy.durableEpoch() : 0;
        platter.powerCut(world);
        Node peer = cluster.peerOf(id);
        if (!followed || peer.primary == null || peer.primary.state() != MirrorState.PROTECTED) {
            return;
        }
        if (durable < peer.primary.epoch()) {
            throw new InvariantViolation(
                    "I3", "epoch " + peer.primary.epoch() + " was acknowledged, but a power cut leaves " + durable);
        }
        Snapshot snapshot = peer.snapshots.get(durable);
        if (snapshot != null) {
            ReplicaCheck.sameDisk(cluster, snapshot, platter.content, durable);
        }
    }

    /** A write reaches a copy: whoever could take over must have it, because it can be seen there from now on. */
    void diskWritten(long step) {
        cluster.checker().reachedDisk(id, step);
    }

    NodeDisks disks() {
        return disks;
    }

    @Override
    public ReplicaDisk disk() {
        return wiredCopy;
    }

    void stopUntil(long untilNs) {
        stoppedUntilNs = untilNs;
    }

    void stopEngineUntil(long untilNs) {
        engineStoppedUntilNs = untilNs;
    }

    void stopLinkUntil(long untilNs) {
        linkStoppedUntilNs = untilNs;
    }

    void go() {
        stoppedUntilNs = 0;
        engineStoppedUntilNs = 0;
        linkStoppedUntilNs = 0;
    }

    void step() {
        if (guest != null && alive) {
            guest.run();
        }
        if (!alive || world.nowNs < stoppedUntilNs) {
            return;
        }
        cluster.beat().beat(id);
        try {
            disks.step(primary);
            work();
        } catch (RuntimeException e) {
            throw new InvariantViolation("I9", "an exception came out of node " + id + " in " + state(), e);
        }
    }

    private void work() {
        if (primary != null) {
            boolean linkFirst = world.chance(500);
            if (linkFirst) {
                link();
            }
            if (world.nowNs >= engineStoppedUntilNs && !world.chance(100)) {
                primary.doWork(world.nowNs);
            }
            if (!linkFirst) {
                link();
            }
        } else if (secondary != null && !world.chance(100)) {
            secondary.doWork(world.nowNs);
            if (secondary.state() == MirrorState.LIVE) {
                startPrimary(guest, disks.copy.guestDisk(), secondary.term());
            }
        }
    }

    private void link() {
        if (world.nowNs >= linkStoppedUntilNs && !world.chance(100)) {
            replicator.doWork(world.nowNs);
        }
    }

    /** A committed epoch is the primary's memory at that epoch, page by page (invariant I5); memory is bounded (I7). */
    void check() {
        if (window != null) {
            cluster.checker().bounded("I7", "records in the window", window.pending(), window.slots());
        }
        if (secondary == null || secondary.state() != MirrorState.READY || secondary.epoch() == checkedEpoch) {
            return;
        }
        Node peer = cluster.peerOf(id);
        Snapshot snapshot = peer.primary == null ? null : peer.snapshots.get(secondary.epoch());
        if (snapshot == null) {
            return;
        }
        checkedEpoch = secondary.epoch();
        origin = peer.guest;
        originSnapshots = peer.snapshots;
        ReplicaCheck.sameMemory(cluster, snapshot, standby, secondary.epoch());
        if (!platter.shared) {
            ReplicaCheck.sameDisk(cluster, snapshot, disks.copy.view(), checkedEpoch);
        }
        world.trace.mix(checkedEpoch ^ snapshot.hash());
        long old = checkedEpoch - 64;
        peer.snapshots.keySet().removeIf(epoch -> epoch < old);
    }

    @Override
    public void activating(SimStandby replica, byte[] baseline, DirectBuffer state, int length) {
        long epoch = secondary.epoch();
        Snapshot snapshot = originSnapshots.get(epoch);
        Node peer = cluster.peerOf(id);
        if (peer.primary != null && peer.snapshots.containsKey(epoch)) {
            snapshot = peer.snapshots.get(epoch);
            origin = peer.guest;
        }
        if (snapshot == null) {
            throw new InvariantViolation("I5", "node " + id + " goes live at epoch " + epoch + " that nobody captured");
        }
        ReplicaCheck.sameMemory(cluster, snapshot, replica, epoch);
        ReplicaCheck.sameDisk(cluster, snapshot, platter.content, epoch);
        attached = snapshot;
        ReplicaCheck.sameState(snapshot, state, length, epoch);
        ReplicaCheck.sameBaseline(origin, baseline);
    }

    @Override
    public SimGuest live(SimStandby replica, long counter, long hash) {
        PageRegion memory = replica.image();
        boolean same = memory.chunk(0).getLong(0) == counter && memory.chunk(0).getLong(8) == hash;
        if (!same || origin.hashAt(counter) != hash) {
            throw new InvariantViolation("I5", "memory and device state are not of the same moment");
        }
        SimGuest now = SimGuest.resumed(world, cluster.freshNumber(), memory, attached, disks.copy.guestDisk(), origin);
        guest = cluster.outside().takenOver(id, origin, now);
        return guest;
    }

    boolean couldTakeOver(long term) {
        if (secondary == null || !alive) {
            return false;
        }
        MirrorState now = secondary.state();
        boolean may = (now == MirrorState.READY || now == MirrorState.CLAIMING) && secondary.term() == term;
        return may || now == MirrorState.ACTIVATING || now == MirrorState.LIVE;
    }

    long replicaEpoch() {
        return secondary.epoch();
    }

    /** The guest's step at this epoch. */
    long counterAt(long epoch) {
        Snapshot snapshot = snapshots.get(epoch);
        return snapshot == null ? Long.MAX_VALUE : snapshot.counter();
    }

    int id() {
        return id;
    }

    boolean isAlive() {
        return alive;
    }

    boolean isStopped() {
        return world.nowNs < stoppedUntilNs;
    }

    SimGuest guest() {
        return guest;
    }

    SimStandby standby() {
        return standby;
    }

    SimGuest.Tracker tracker() {
        return tracker;
    }

    /** True if everything captured is acknowledged. */
    boolean isDrained() {
        return window.pending() == 0;
    }

    PageRegion shadow() {
        return shadow;
    }

    PrimaryMirror primary() {
        return primary;
    }

    SecondaryMirror secondary() {
        return secondary;
    }

    MirrorState state() {
        return primary != null ? primary.state() : secondary != null ? secondary.state() : null;
    }

    String reason() {
        return primary != null ? primary.reason() : secondary != null ? secondary.reason() : "";
    }

    long term() {
        return primary != null ? primary.term() : secondary.term();
    }

    /** True if a guest runs here and its mirror goes on. */
    boolean isPrimaryAtWork() {
        return alive && primary != null && !primary.state().isFinal();
    }

    private final class Listener implements MirrorListener {
        @Override
        public void onTransition(MirrorState from, MirrorState to, String reason, long nowNs) {
            world.event("node " + id + ": " + from + " -> " + to + ": " + reason);
        }

        @Override
        public void onCaptured(long epoch, long pages, long stopNs, long copyNs, long pauseNs) {
            snapshots.put(epoch, guest.lastSnapshot());
            world.trace.mix(epoch * 31 + pages);
        }

        @Override
        public void onNotice(String notice) {
            world.event("node " + id + ": " + notice);
            if (notice.startsWith("DIVERGENCE")) {
                cluster.checker().diverged(id, notice);
            }
        }

        @Override
        public void onTakenOver(FailoverReceipt receipt) {
            world.event("node " + id + ": " + receipt);
        }
    }
}
