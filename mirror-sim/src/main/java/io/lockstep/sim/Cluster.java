package io.lockstep.sim;

import io.lockstep.mirror.MirrorPolicy;
import io.lockstep.mirror.MirrorPolicy.Compression;
import io.lockstep.mirror.record.AckLevel;
import java.util.HashSet;
import java.util.Set;

/** Two nodes and what is between them. */
final class Cluster {
    private static final long MS = World.MS;

    private final World world;
    private final Wiring wiring;
    private final Checker checker;
    private final Outside outside;
    private final SimLink link;
    private final SimArbiter arbiter;
    private final SimBeat beat;
    private final MirrorPolicy policy;
    private final Node[] nodes;
    private final Set<Long> damaged = new HashSet<>();
    private final boolean journaled;
    private long numbers;

    Cluster(World world, Wiring wiring) {
        this.world = world;
        this.wiring = wiring;
        checker = new Checker(world);
        outside = new Outside(world, checker);
        link = new SimLink(world, checker);
        arbiter = new SimArbiter(world);
        beat = new SimBeat(world);
        boolean shared = world.chance(400);
        journaled = !shared && world.chance(400);
        policy = policy(world, journaled ? AckLevel.JOURNALED : AckLevel.RECEIVED);
        int blocks = 8 << world.dice.nextInt(4);
        Platter first = new Platter(blocks, shared, 1);
        Platter second = shared ? first : new Platter(blocks, false, world.chance(500) ? 1 : 0);
        nodes = new Node[] {new Node(this, 0, first), new Node(this, 1, second)};
        checker.watch(nodes);
        SimDisk disk = new SimDisk(this, first, 0, nodes[0]::diskWritten);
        SimGuest guest = new SimGuest(world, freshNumber(), 16 << world.dice.nextInt(4), disk);
        outside.starts(0, guest);
        nodes[0].startPrimary(guest, disk, 0);
        nodes[1].startSecondary();
    }

    private static MirrorPolicy policy(World world, AckLevel level) {
        long least = world.between(MS, 2 * MS);
        return new MirrorPolicy(
                world.between(3 * MS, 12 * MS),
                least,
                world.between(40 * MS, 100 * MS),
                1 + world.dice.nextInt(4),
                3 * MS,
                24 * MS,
                15 * MS,
                80 * MS,
                64 << world.dice.nextInt(3),
                1 << 19,
                Compression.values()[world.dice.nextInt(3)],
                level);
    }

    void step(long dtNs) {
        world.nowNs += dtNs;
        link.step();
        int first = world.dice.nextInt(2);
        nodes[first].step();
        nodes[1 - first].step();
        checker.afterStep();
    }

    /** True if the secondary's copy has a journal, and acknowledgements wait for it. */
    boolean isJournaled() {
        return journaled;
    }

    /** Names what a copy holds. */
    long freshToken() {
        return world.dice.nextLong() | 1L << 40;
    }

    long freshNumber() {
        return ++numbers;
    }

    /** Damages a word of this page of a replica or of a shadow; the checkers know. */
    void damage(io.lockstep.mirror.memory.PageRegion region, long page) {
        checker.damageIsHidden();
        damaged.add(page);
        int at = region.offset(page) + 8 * world.dice.nextInt(512);
        region.chunk(page).putLong(at, ~region.chunk(page).getLong(at));
    }

    boolean isDamaged(long page) {
        return damaged.contains(page);
    }

    Node node(int id) {
        return nodes[id];
    }

    Node peerOf(int id) {
        return nodes[1 - id];
    }

    World world() {
        return world;
    }

    Wiring wiring() {
        return wiring;
    }

    Checker checker() {
        return checker;
    }

    Outside outside() {
        return outside;
    }

    SimLink link() {
        return link;
    }

    SimArbiter arbiter() {
        return arbiter;
    }

    SimBeat beat() {
        return beat;
    }

    MirrorPolicy policy() {
        return policy;
    }
}
