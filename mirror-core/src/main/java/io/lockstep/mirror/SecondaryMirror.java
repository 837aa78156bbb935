package io.lockstep.mirror;

import io.lockstep.mirror.apply.DivergenceException;
import io.lockstep.mirror.apply.ReplicaApplier;
import io.lockstep.mirror.counters.Counters;
import io.lockstep.mirror.failover.FailureDetector;
import io.lockstep.mirror.failover.MirrorState;
import io.lockstep.mirror.failover.StateCell;
import io.lockstep.mirror.record.AckLevel;
import io.lockstep.mirror.record.ControlReader;
import io.lockstep.mirror.record.ControlWriter;
import io.lockstep.mirror.record.HandOverReason;
import io.lockstep.mirror.record.RecordFault;
import io.lockstep.mirror.spi.Arbiter;
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
    private final StandbyFactory factory;
    private final Interconnect link;
    private final Arbiter arbiter;
    private final StorageHeartbeat storage;
    private final MirrorPolicy policy;
    private final MirrorListener listener;
    private final Counters counters = new Counters();
    private final StateCell cell;
    private final FailureDetector detector;
    private final ControlReader reader = new ControlReader();
    private final ControlWriter writer = new ControlWriter();
    private final Takeover takeover;
    private StandbyVm standby;
    private ReplicaApplier applier;
    private long nowNs;
    private long incarnation;
    private long generation;
    private long term;
    private boolean verdictOwed;
    private long ackedPosition = -1;
    private long ackedEpoch;

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
        this.factory = factory;
        this.link = link;
        this.arbiter = arbiter;
        this.storage = storage;
        this.policy = policy;
        this.listener = listener;
        this.cell = new StateCell(vm + " secondary", MirrorState.WAITING, listener);
        this.detector = new FailureDetector(policy.detectNs(), nowNs);
        this.takeover = new Takeover(vm, arbiter, cell);
        this.nowNs = nowNs;
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
        return applier == null ? 0 : applier.epoch();
    }

    /** The guest, once the state is {@link MirrorState#LIVE}. */
    public GuestVm guest() {
        return standby.asGuest();
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
        int work = 0;
        work += link.poll(this, FRAMES_PER_POLL);
        if (!isTakingOver()) {
            work += watchLink();
            work += acknowledge();
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
        verdictOwed = false;
        if (current == 0) {
            listener.onNotice("link to the primary is down: " + link.downReason());
            return 1;
        }
        detector.heardOnNetwork(nowNs);
        return 1;
    }

    private int acknowledge() {
        if (applier == null || incarnation == 0) {
            return 0;
        }
        if (applier.position() == ackedPosition && applier.committedInSession() == ackedEpoch) {
            return 0;
        }
        return sendAck(applier.committedInSession(), applier.chain());
    }

    private int sendAck(long epoch, long chain) {
        int length = writer.ack(AckLevel.RECEIVED, generation, applier.position(), epoch, chain);
        if (!link.sendControl(writer.buffer(), 0, length)) {
            return 0;
        }
        ackedPosition = applier.position();
        ackedEpoch = epoch;
        return 1;
    }

    private int watchPrimary() {
        MirrorState state = cell.state();
        if (state != MirrorState.READY && state != MirrorState.RECEIVING) {
            return 0;
        }
        detector.seenOnStorage(storage.peerSeenNs());
        FailureDetector.Verdict verdict = detector.judge(nowNs);
        if (state == MirrorState.READY && arbiter.highestTerm() > term) {
            cell.become(MirrorState.RECEIVING, "the primary goes on alone in term " + arbiter.highestTerm(), nowNs);
            return 1;
        }
        if (verdict == FailureDetector.Verdict.HEALTHY) {
            return 0;
        }
        if (state == MirrorState.RECEIVING) {
            return verdict == FailureDetector.Verdict.HOST_SILENT ? giveUp() : 0;
        }
        long silence = nowNs - detector.lastHeardNs();
        boolean graceOver = silence >= policy.linkFaultGraceNs();
        if (verdict == FailureDetector.Verdict.HOST_SILENT || graceOver) {
            String why = verdict == FailureDetector.Verdict.HOST_SILENT
                    ? "primary silent on network and storage"
                    : "primary silent on the network only, and it did not go on alone";
            return startTakeover(why);
        }
        return 0;
    }

    private int giveUp() {
        discard(
                applier == null || applier.resumeImageId() == 0
                        ? "the primary was lost before its first checkpoint: the guest is lost, nothing was started here"
                        : "the primary was lost while it ran alone in term " + arbiter.highestTerm()
                                + ": the guest is lost");
        return 1;
    }

    private int startTakeover(String why) {
        takeover.start(why, term, detector.lastHeardNs(), nowNs);
        return 1;
    }

    private int watchStandby() {
        if (standby == null || cell.state() == MirrorState.ACTIVATING) {
            return 0;
        }
        StandbyVm.Phase phase = standby.poll();
        if (phase == StandbyVm.Phase.FAILED) {
            standbyFailed();
            return 1;
        }
        if (phase == StandbyVm.Phase.READY && verdictOwed) {
            if (cell.state() == MirrorState.PREPARING) {
                applier = new ReplicaApplier(standby.memory(), standby.staging(), counters, this::committed);
                cell.become(MirrorState.RECEIVING, "memory is reserved, standby is started", nowNs);
            }
            return answer(true, "");
        }
        return 0;
    }

    private void standbyFailed() {
        String problem = standby.problem();
        if (cell.state() == MirrorState.CLAIMING) {
            cell.become(MirrorState.FAILED, "standby lost while the term was claimed: " + problem, nowNs);
            return;
        }
        if (verdictOwed) {
            answer(false, problem);
        } else {
            link.disconnect("standby lost: " + problem);
        }
        discard("standby lost: " + problem);
    }

    private int answer(boolean accepted, String reason) {
        long image = accepted ? applier.resumeImageId() : 0;
        int length = writer.verdict(
                accepted, generation, image, accepted ? applier.epoch() : 0, accepted ? applier.chain() : 0, reason);
        if (!link.sendControl(writer.buffer(), 0, length)) {
            return 0;
        }
        verdictOwed = false;
        if (accepted) {
            applier.startSession(generation);
            ackedPosition = -1;
            ackedEpoch = 0;
        }
        return 1;
    }

    private void discard(String why) {
        if (standby != null) {
            standby.discard(why);
        }
        standby = null;
        applier = null;
        verdictOwed = false;
        if (cell.state() != MirrorState.WAITING) {
            cell.become(MirrorState.WAITING, why, nowNs);
        }
    }

    private void committed(long epoch, long chain) {
        sendAck(epoch, chain);
        if (cell.state() == MirrorState.RECEIVING) {
            cell.become(MirrorState.READY, "replica at epoch " + epoch, nowNs);
        }
    }

    private int takeOver() {
        if (cell.state() == MirrorState.CLAIMING) {
            return takeover.claim(applier, standby, nowNs);
        }
        if (cell.state() == MirrorState.ACTIVATING && takeover.activate(applier, standby, nowNs)) {
            link.sendControl(
                    writer.buffer(), 0, writer.farewell("the guest runs here now, in term " + takeover.term()));
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
        detector.heardOnNetwork(nowNs);
        if (applier == null || verdictOwed) {
            throw new RecordFault("bulk frame before this host accepted a session");
        }
        try {
            applier.onBulk(buffer, offset, length);
        } catch (DivergenceException e) {
            listener.onNotice("DIVERGENCE in epoch " + e.epoch() + ", page " + e.page() + ": " + e.getMessage());
            link.sendControl(
                    writer.buffer(),
                    0,
                    writer.divergence(e.epoch(), e.page(), e.expected(), e.actual(), e.getMessage()));
            cell.become(
                    cell.state() == MirrorState.READY ? MirrorState.RECEIVING : MirrorState.WAITING,
                    e.getMessage(),
                    nowNs);
            if (cell.state() == MirrorState.WAITING) {
                discard(e.getMessage());
            }
        }
    }

    @Override
    public void onControl(DirectBuffer buffer, int offset, int length) {
        if (isTakingOver()) {
            return;
        }
        detector.heardOnNetwork(nowNs);
        reader.read(buffer, offset, length, this);
    }

    @Override
    public void onProtect(long imageId, long newGeneration, long newTerm, long pageCount, String name, byte[] guest) {
        if (!name.equals(vm)) {
            throw new RecordFault("request to protect '" + name + "' on the link of '" + vm + "'");
        }
        generation = newGeneration;
        verdictOwed = true;
        if (newTerm < arbiter.highestTerm()) {
            answer(false, "term " + newTerm + " is over, the highest is " + arbiter.highestTerm());
            return;
        }
        term = newTerm;
        detector.restart(nowNs);
        if (cell.state() == MirrorState.READY) {
            cell.become(MirrorState.RECEIVING, "the primary starts a new session", nowNs);
        }
        if (applier != null && standby.memory().pageCount() != pageCount) {
            discard("the primary's guest now has " + pageCount + " pages");
            verdictOwed = true;
        }
        if (standby == null) {
            prepare(pageCount, guest);
        }
    }

    private void prepare(long pageCount, byte[] guest) {
        try {
            standby = factory.prepare(vm, pageCount, guest);
            cell.become(MirrorState.PREPARING, "asked to protect a guest of " + pageCount + " pages", nowNs);
        } catch (IllegalArgumentException e) {
            listener.onNotice("refused: " + e.getMessage());
            answer(false, e.getMessage());
        }
    }

    @Override
    public void onHeartbeat(long sequence, long sentNs, long heartbeatTerm) {
        term = Math.max(term, heartbeatTerm);
        link.sendControl(writer.buffer(), 0, writer.heartbeatEcho(sequence, sentNs));
    }

    @Override
    public void onHandOver(long epoch, long handedTerm, HandOverReason reason) {
        if (cell.state() != MirrorState.READY) {
            listener.onNotice("hand-over (" + reason + ") ignored in " + cell.state());
            return;
        }
        if (reason == HandOverReason.SWITCHOVER && applier.epoch() != epoch) {
            throw new RecordFault("hand-over at epoch " + epoch + ", but the replica is at " + applier.epoch());
        }
        startTakeover(reason == HandOverReason.SWITCHOVER ? "switchover" : "the primary's guest died");
    }

    @Override
    public void onFarewell(String reason) {
        discard("the primary ended the protection: " + reason);
    }
}
