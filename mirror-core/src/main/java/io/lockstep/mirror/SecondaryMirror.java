package io.lockstep.mirror;

import io.lockstep.mirror.apply.DivergenceException;
import io.lockstep.mirror.counters.Counters;
import io.lockstep.mirror.failover.MirrorState;
import io.lockstep.mirror.failover.StateCell;
import io.lockstep.mirror.record.ControlReader;
import io.lockstep.mirror.record.HandOverReason;
import io.lockstep.mirror.record.RecordFault;
import io.lockstep.mirror.spi.Arbiter;
import io.lockstep.mirror.spi.GuestDisk;
import io.lockstep.mirror.spi.GuestVm;
import io.lockstep.mirror.spi.Interconnect;
import io.lockstep.mirror.spi.StandbyVm;
import io.lockstep.mirror.spi.StorageHeartbeat;
import org.agrona.DirectBuffer;

/**
 * The waiting side of one guest: admits it, keeps a replica, and takes over when the primary is gone and the term is won.
 *
 * <p>Threading: one thread calls everything.
 */
public final class SecondaryMirror implements Interconnect.Listener, ControlReader.Visitor {
    /** Makes standbys; this is where admission control sits. */
    @FunctionalInterface
    public interface StandbyFactory {
        /**
         * Starts to prepare a standby and returns at once.
         *
         * @throws IllegalArgumentException with every reason, if this host will not take the guest
         */
        StandbyVm prepare(String vm, long pageCount, byte[] guest);
    }

    private static final int FRAMES_PER_POLL = 8;

    private final String vm;
    private final Interconnect link;
    private final Arbiter arbiter;
    private final MirrorListener listener;
    private final Counters counters = new Counters();
    private final StateCell cell;
    private final PrimaryWatch watch;
    private final ControlReader reader = new ControlReader();
    private final SecondaryVoice voice;
    private final Takeover takeover;
    private final Replica replica;
    private long nowNs;
    private long incarnation;
    /** The primary's term when it asked for the current session, or for the last one. */
    private long term;

    /** The session ended on this side, with its last frames perhaps still on their way. */
    private boolean ignoringBulk;

    /** A secondary without a replica. */
    public SecondaryMirror(
            String vm,
            StandbyFactory factory,
            Interconnect link,
            Arbiter arbiter,
            StorageHeartbeat storage,
            MirrorPolicy policy,
            MirrorListener listener,
            long nowNs) {
        this.vm = vm;
        this.link = link;
        this.arbiter = arbiter;
        this.listener = listener;
        this.cell = new StateCell(vm + " secondary", MirrorState.WAITING, listener);
        this.watch = new PrimaryWatch(policy, storage, nowNs);
        this.takeover = new Takeover(vm, arbiter, cell);
        this.voice = new SecondaryVoice(link, policy.ackLevel());
        this.replica = new Replica(vm, factory, counters);
        this.nowNs = nowNs;
        link.disconnect("a secondary starts"); // what was said to whoever used the link before was not heard here
    }

    /** The state. */
    public MirrorState state() {
        return cell.state();
    }

    /** Why. */
    public String reason() {
        return cell.reason();
    }

    /** What is counted. */
    public Counters counters() {
        return counters;
    }

    /** The term of the primary, or the one won here. */
    public long term() {
        return takeover.term() > 0 ? takeover.term() : term;
    }

    /** The last committed epoch. */
    public long epoch() {
        return replica.epoch();
    }

    /** The guest, once the state is {@link MirrorState#LIVE}. */
    public GuestVm guest() {
        return replica.standby().asGuest();
    }

    /** The guest's disk, once the state is {@link MirrorState#LIVE}. */
    public GuestDisk disk() {
        return replica.disk().asGuestDisk();
    }

    /**
     * Takes over without waiting for silence; the term decides.
     *
     * @throws IllegalStateException if there is no replica to run on
     */
    public void failover(String why) {
        if (cell.state() != MirrorState.READY) {
            throw new IllegalStateException(
                    "failover is possible in READY only; this host is " + cell.state() + ": " + cell.reason());
        }
        startTakeover(why);
    }

    /** Does what can be done now. Returns 0 if there was nothing to do. */
    public int doWork(long now) {
        nowNs = now;
        if (cell.state().isFinal()) {
            return 0;
        }
        int work = link.poll(this, FRAMES_PER_POLL);
        if (!isTakingOver()) {
            work += watchLink();
            work += voice.acknowledge(replica);
            work += voice.repeatRefusal();
            work += watchPrimary();
        }
        return work + watchStandby() + takeOver();
    }

    /** From the claim on, whatever the primary still says comes too late: it gets neither acknowledgement nor lease. */
    private boolean isTakingOver() {
        return cell.state() == MirrorState.CLAIMING || cell.state() == MirrorState.ACTIVATING;
    }

    private int watchLink() {
        long current = link.isUp() ? link.incarnation() : 0;
        if (current == incarnation) {
            return 0;
        }
        incarnation = current;
        voice.sessionOver();
        ignoringBulk = false;
        if (current == 0) {
            listener.onNotice("link to the primary is down: " + link.downReason());
            return 1;
        }
        watch.heard(nowNs);
        return 1;
    }

    private int watchPrimary() {
        MirrorState state = cell.state();
        if (state != MirrorState.READY && state != MirrorState.RECEIVING) {
            return 0;
        }
        PrimaryWatch.Finding finding = watch.judge(state == MirrorState.READY, nowNs);
        if (state == MirrorState.READY && arbiter.highestTerm() > term) {
            cell.become(MirrorState.RECEIVING, "the primary goes on alone in term " + arbiter.highestTerm(), nowNs);
            return 1;
        }
        if (finding != PrimaryWatch.Finding.GONE) {
            return 0;
        }
        return state == MirrorState.READY ? startTakeover(watch.why()) : giveUp();
    }

    private int giveUp() {
        String why = replica.isEmpty()
                ? "the primary was lost before its first checkpoint: the guest is lost, nothing was started here"
                : "the primary was lost while it ran alone in term " + arbiter.highestTerm() + ": the guest is lost";
        link.disconnect(why); // if it lives after all, it must ask again
        discard(why);
        return 1;
    }

    private int startTakeover(String why) {
        voice.sessionOver();
        ignoringBulk = true;
        takeover.start(why, term, watch.lastHeardNs(), nowNs);
        return 1;
    }

    private int watchStandby() {
        if (!replica.exists() || cell.state() == MirrorState.ACTIVATING) {
            return 0;
        }
        StandbyVm.Phase phase = replica.poll();
        if (phase == StandbyVm.Phase.FAILED) {
            replicaFailed(replica.standby().problem());
            return 1;
        }
        if (!isTakingOver() && !replica.problem().isEmpty()) {
            replicaFailed("the disk cannot be used any more: " + replica.problem());
            return 1;
        }
        return phase == StandbyVm.Phase.READY && voice.owesAnswer() ? answer() : 0;
    }

    private int answer() {
        String unfit = replica.unfit();
        if (!unfit.isEmpty()) {
            replicaFailed(unfit);
            return 1;
        }
        if (cell.state() == MirrorState.PREPARING) {
            replica.receive(this::committed);
            cell.become(MirrorState.RECEIVING, "memory is reserved, standby is started", nowNs);
        }
        int accepted = voice.accept(replica);
        ignoringBulk &= accepted == 0;
        return accepted;
    }

    private void replicaFailed(String problem) {
        if (cell.state() == MirrorState.CLAIMING) {
            cell.become(MirrorState.FAILED, "standby lost while the term was claimed: " + problem, nowNs);
            return;
        }
        boolean asked = voice.owesAnswer();
        discard("standby lost: " + problem);
        if (asked) {
            voice.refuse(problem);
        } else {
            link.disconnect("standby lost: " + problem);
        }
    }

    private void discard(String why) {
        replica.discard(why);
        voice.sessionOver();
        if (cell.state() != MirrorState.WAITING) {
            cell.become(MirrorState.WAITING, why, nowNs);
        }
    }

    private void committed(long epoch, long chain) {
        voice.acknowledge(replica);
        if (cell.state() == MirrorState.RECEIVING) {
            cell.become(MirrorState.READY, "replica at epoch " + epoch, nowNs);
        }
    }

    private int takeOver() {
        if (cell.state() == MirrorState.CLAIMING) {
            int work = takeover.claim(replica, nowNs);
            if (cell.state() == MirrorState.RECEIVING) {
                link.disconnect("the claim is lost; what was said meanwhile was not heard, so start again");
            }
            return work;
        }
        if (cell.state() == MirrorState.ACTIVATING && takeover.activate(replica, nowNs)) {
            voice.farewell("the guest runs here now, in term " + takeover.term());
            listener.onTakenOver(takeover.receipt());
            return 1;
        }
        return 0;
    }

    @Override
    public void onBulk(DirectBuffer buffer, int offset, int length) {
        if (isTakingOver()) {
            return;
        }
        watchLink();
        watch.heard(nowNs);
        if (ignoringBulk) {
            return;
        }
        if (!voice.isInSession()) {
            throw new RecordFault("bulk frame before this host accepted a session");
        }
        try {
            replica.applier().onBulk(buffer, offset, length);
        } catch (DivergenceException e) {
            diverged(e);
        }
    }

    /** Says so and drops the rest of the session; the primary ends it when it hears of this. */
    private void diverged(DivergenceException e) {
        listener.onNotice("DIVERGENCE in epoch " + e.epoch() + ", page " + e.page() + ": " + e.getMessage());
        voice.diverged(e);
        ignoringBulk = true;
        if (cell.state() == MirrorState.READY) {
            cell.become(MirrorState.RECEIVING, e.getMessage(), nowNs);
        } else {
            discard(e.getMessage());
        }
    }

    @Override
    public void onControl(DirectBuffer buffer, int offset, int length) {
        if (isTakingOver()) {
            return;
        }
        watchLink();
        watch.heard(nowNs);
        reader.read(buffer, offset, length, this);
    }

    @Override
    public void onProtect(
            long imageId,
            long newGeneration,
            long newTerm,
            long pageCount,
            long blockCount,
            String name,
            byte[] guest) {
        if (!name.equals(vm)) {
            throw new RecordFault("request to protect '" + name + "' on the link of '" + vm + "'");
        }
        if (blockCount < 0 || pageCount < 1 || pageCount + blockCount > PrimaryParts.MAX_PAGES) {
            throw new RecordFault("request to protect a guest of " + pageCount + " pages and " + blockCount
                    + " disk blocks, the limit is " + PrimaryParts.MAX_PAGES);
        }
        voice.asked(newGeneration);
        if (newTerm < arbiter.highestTerm()) {
            voice.refuse("term " + newTerm + " is over, the highest is " + arbiter.highestTerm());
            return;
        }
        term = newTerm;
        watch.restart(nowNs);
        if (cell.state() == MirrorState.READY) {
            cell.become(MirrorState.RECEIVING, "the primary starts a new session", nowNs);
        }
        if (replica.exists() && !replica.isFor(pageCount, blockCount, guest)) {
            discard("the primary's guest is another one now");
            voice.asked(newGeneration);
        }
        if (!replica.exists()) {
            prepare(pageCount, blockCount, guest);
        }
    }

    private void prepare(long pageCount, long blockCount, byte[] guest) {
        try {
            replica.prepare(pageCount, blockCount, guest);
            cell.become(
                    MirrorState.PREPARING,
                    "asked to protect a guest of " + pageCount + " pages and " + blockCount + " disk blocks",
                    nowNs);
        } catch (IllegalArgumentException e) {
            listener.onNotice("refused: " + e.getMessage());
            voice.refuse(e.getMessage());
        }
    }

    /**
     * A higher term than the session's means that the primary went on alone: what it let out since then is not in the replica, so
     * this host must not take over until a new session has brought the replica up to date (invariant I1).
     */
    @Override
    public void onHeartbeat(long sequence, long sentNs, long heartbeatTerm, long durableEpoch) {
        if (heartbeatTerm != term && voice.isInSession()) {
            throw new RecordFault("heartbeat in term " + heartbeatTerm + " in a session of term " + term);
        }
        if (heartbeatTerm > term && cell.state() == MirrorState.READY) {
            cell.become(MirrorState.RECEIVING, "the primary goes on alone in term " + heartbeatTerm, nowNs);
        }
        if (voice.isInSession()) {
            replica.partnerDurable(durableEpoch);
        }
        voice.echo(sequence, sentNs);
    }

    @Override
    public void onHandOver(long epoch, long handedTerm, HandOverReason reason) {
        if (cell.state() != MirrorState.READY || !voice.isInSession() || handedTerm != term) {
            throw new RecordFault("hand-over (" + reason + ") in term " + handedTerm + ", but this side is "
                    + cell.state() + " in term " + term);
        }
        if (reason == HandOverReason.SWITCHOVER && replica.epoch() != epoch) {
            throw new RecordFault("hand-over at epoch " + epoch + ", but the replica is at " + replica.epoch());
        }
        startTakeover(reason == HandOverReason.SWITCHOVER ? "switchover" : "the primary's guest died");
    }

    @Override
    public void onFarewell(String reason) {
        ignoringBulk = true;
        discard("the primary ended the protection: " + reason);
    }
}
