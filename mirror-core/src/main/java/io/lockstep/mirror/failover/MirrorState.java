package io.lockstep.mirror.failover;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/** Where one host is with one guest. The table of legal predecessors is the protocol; anything else is a bug and fails loudly. */
public enum MirrorState {
    /** Primary: the guest starts; its first term is being won. */
    STARTING,
    /** Primary: live and unprotected; the term is held, outputs pass at once. */
    SIMPLEX,
    /** Primary: live and unprotected; memory is being copied while the guest runs. */
    SYNCING,
    /** Primary: outputs wait; the first checkpoint is under way, and the secondary may already be able to take over. */
    ARMING,
    /** Primary: every output waits for its epoch's acknowledgement. */
    PROTECTED,
    /** Either: a term is being claimed. On a primary outputs wait. */
    CLAIMING,
    /** Primary: gives the guest away; releases nothing any more. */
    HANDING_OVER,
    /** Primary: somebody else runs the guest, or may; the local guest is dead. */
    STEPPED_DOWN,
    /** Primary: protection ended and the guest ended by itself. */
    POWERED_OFF,
    /** Secondary: no replica. */
    WAITING,
    /** Secondary: memory is being reserved and the standby started. */
    PREPARING,
    /** Secondary: the replica is being filled; it cannot take over. */
    RECEIVING,
    /** Secondary: the replica is at a committed epoch and can take over. */
    READY,
    /** Secondary: the term is won, the guest is being loaded. */
    ACTIVATING,
    /** Secondary: the guest runs here now; this mirror's work is done. */
    LIVE,
    /** Either: stopped by an error; the reason says which. */
    FAILED;

    /** Legal predecessors of each state. */
    private static final class Table {
        static final Map<MirrorState, Set<MirrorState>> PREDECESSORS = new EnumMap<>(MirrorState.class);

        static {
            after(SIMPLEX, STARTING, SYNCING, CLAIMING);
            after(SYNCING, SIMPLEX);
            after(ARMING, SYNCING);
            after(PROTECTED, ARMING);
            after(CLAIMING, ARMING, PROTECTED, HANDING_OVER, READY);
            after(HANDING_OVER, PROTECTED);
            after(STEPPED_DOWN, STARTING, SIMPLEX, SYNCING, ARMING, PROTECTED, CLAIMING, HANDING_OVER);
            after(POWERED_OFF, STARTING, SIMPLEX, SYNCING, ARMING, PROTECTED, CLAIMING, HANDING_OVER);
            after(WAITING, PREPARING, RECEIVING, READY, CLAIMING);
            after(PREPARING, WAITING);
            after(RECEIVING, PREPARING, READY, CLAIMING);
            after(READY, RECEIVING);
            after(ACTIVATING, CLAIMING);
            after(LIVE, ACTIVATING);
            PREDECESSORS.put(FAILED, EnumSet.complementOf(EnumSet.of(STEPPED_DOWN, POWERED_OFF, LIVE, FAILED)));
        }

        private static void after(MirrorState state, MirrorState... before) {
            PREDECESSORS.put(state, EnumSet.copyOf(Arrays.asList(before)));
        }
    }

    /** True if the step from {@code before} to this state is legal. */
    public boolean mayFollow(MirrorState before) {
        return Table.PREDECESSORS.getOrDefault(this, Set.of()).contains(before);
    }

    /** True while the guest runs on this host and its outputs pass at once. */
    public boolean isLiveAlone() {
        return this == SIMPLEX || this == SYNCING;
    }

    /** True if nothing follows. */
    public boolean isFinal() {
        return this == STEPPED_DOWN || this == POWERED_OFF || this == LIVE || this == FAILED;
    }
}
