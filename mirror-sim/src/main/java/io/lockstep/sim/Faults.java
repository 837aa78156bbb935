package io.lockstep.sim;

import io.lockstep.mirror.failover.MirrorState;

/** What can go wrong, and when: thrown by the dice. */
final class Faults {
    private static final long MS = World.MS;

    /** Things that happen. The noise is survived any number of times; of the blows the mirror promises to survive one at a time. */
    enum Kind {
        CRASH(true),
        GUEST_DIES(true),
        STOP(true),
        CUT(true),
        SWITCHOVER(true),
        STANDBY_FAILS(true),
        STOP_ENGINE(false),
        STOP_LINK(false),
        DISK_FAILS(true),
        DISK_SLOW(false),
        STALL(false),
        SLOW(false),
        CLOG(false),
        FLIP(false),
        HIDDEN_FLIP(false),
        CHECKPOINTS_FAIL(false),
        TRACKER_FAILS(false),
        ARBITER_GONE(false),
        BEAT_LOST(false),
        UPLINK_BLOCKED(false),
        UNPROTECT(false),
        PROTECT(false),
        RESTART(false),
        POWER_OFF(false);

        private final boolean blow;

        Kind(boolean blow) {
            this.blow = blow;
        }

        boolean isBlow() {
            return blow;
        }
    }

    private final Cluster cluster;
    private final World world;
    private final boolean[] allowed = new boolean[Kind.values().length];
    private long cutUntilNs;

    Faults(Cluster cluster) {
        this.cluster = cluster;
        this.world = cluster.world();
        for (int i = 0; i < allowed.length; i++) {
            allowed[i] = world.chance(600);
        }
    }

    /** Maybe throws something, and ends what is over. */
    void step(int perMille) {
        if (cutUntilNs != 0 && world.nowNs >= cutUntilNs) {
            cutUntilNs = 0;
            cluster.link().reconnect();
        }
        if (world.chance(perMille)) {
            Kind kind = Kind.values()[world.dice.nextInt(Kind.values().length)];
            boolean rare = kind == Kind.POWER_OFF && !world.chance(100);
            if (allowed[kind.ordinal()] && !rare) {
                hit(kind);
            }
        }
    }

    /** Throws something a mirror survives while it is protected. */
    void blow() {
        Kind kind = Kind.CRASH;
        do {
            kind = Kind.values()[world.dice.nextInt(Kind.values().length)];
        } while (!kind.isBlow());
        hit(kind);
    }

    /** Maybe throws something that no protection is lost by. */
    void noise() {
        Kind[] harmless = {Kind.TRACKER_FAILS, Kind.UPLINK_BLOCKED, Kind.PROTECT, Kind.SWITCHOVER};
        int which = world.dice.nextInt(2 * harmless.length);
        if (which < harmless.length) {
            hit(harmless[which]);
        }
    }

    private void hit(Kind kind) {
        Node node = cluster.node(world.dice.nextInt(2));
        long longTime = world.nowNs + world.between(MS, 150 * MS);
        long shortTime = world.nowNs + world.between(MS, 20 * MS);
        world.event("fault: " + kind + " on node " + node.id());
        switch (kind) {
            case CRASH -> {
                if (node.isAlive()) {
                    node.crash("by the dice");
                }
            }
            case GUEST_DIES -> {
                Node primary = primary();
                if (primary != null) {
                    primary.guest().die("the hypervisor crashed");
                }
            }
            case DISK_FAILS -> node.disks().fail("no path to the disk works");
            case DISK_SLOW -> node.disks().slowUntil(longTime);
            case STOP -> node.stopUntil(longTime);
            case STOP_ENGINE -> node.stopEngineUntil(longTime);
            case STOP_LINK -> node.stopLinkUntil(longTime);
            case CUT -> {
                cluster.link().cut(world.chance(500));
                cutUntilNs = longTime;
            }
            case STALL -> cluster.link().stall(world.chance(500) ? shortTime : longTime);
            case SLOW -> cluster.link().slow(1024L << world.dice.nextInt(11));
            case CLOG -> cluster.link().clogControl(shortTime);
            case FLIP -> cluster.link().flip(false);
            case HIDDEN_FLIP -> {
                cluster.checker().damageIsHidden();
                cluster.link().flip(true);
            }
            case ARBITER_GONE -> cluster.arbiter().unavailable(node.id(), longTime);
            case BEAT_LOST -> cluster.beat().lose(node.id(), longTime);
            case UPLINK_BLOCKED -> cluster.outside().block(node.id(), world.chance(600));
            case RESTART -> restart(node);
            case STANDBY_FAILS -> {
                if (node.standby() != null && node.secondary() != null) {
                    node.standby().fail("the standby's hypervisor crashed");
                }
            }
            default -> hitPrimary(kind, longTime);
        }
    }

    private void hitPrimary(Kind kind, long longTime) {
        Node node = primary();
        if (node == null) {
            return;
        }
        switch (kind) {
            case SWITCHOVER -> {
                if (node.primary().state() == MirrorState.PROTECTED) {
                    node.primary().switchover();
                }
            }
            case UNPROTECT -> node.primary().unprotect("somebody asked for it");
            case PROTECT -> node.primary().protect();
            case CHECKPOINTS_FAIL -> node.guest().failCheckpointsUntil(longTime);
            case TRACKER_FAILS -> node.tracker().failNext(1 + world.dice.nextInt(3));
            case POWER_OFF -> node.guest().powerOff();
            default -> throw new IllegalArgumentException(kind.toString());
        }
    }

    private Node primary() {
        for (int id = 0; id < 2; id++) {
            if (cluster.node(id).isPrimaryAtWork() && !cluster.node(id).isStopped()) {
                return cluster.node(id);
            }
        }
        return null;
    }

    /** A host that is dead, or whose mirror came to its end, starts again with nothing; a waiting one may restart as well. */
    void restart(Node node) {
        if (!node.isAlive() || node.primary() == null || node.primary().state().isFinal()) {
            if (node.isAlive() && (node.primary() == null || world.chance(500))) {
                node.crash("restart");
            }
            node.startSecondary();
        }
    }

    /** Ends every fault. */
    void heal() {
        cutUntilNs = 0;
        cluster.link().heal();
        for (int id = 0; id < 2; id++) {
            cluster.arbiter().unavailable(id, 0);
            cluster.beat().lose(id, 0);
            cluster.outside().block(id, false);
            Node node = cluster.node(id);
            node.go();
            node.disks().slowUntil(0);
            node.disks().mend();
            if (node.guest() != null) {
                node.guest().failCheckpointsUntil(0);
            }
        }
    }
}
