package io.lockstep.mirror;

import io.lockstep.mirror.capture.CheckpointCapture;
import io.lockstep.mirror.counters.Counter;
import io.lockstep.mirror.counters.Counters;
import io.lockstep.mirror.failover.MirrorState;
import io.lockstep.mirror.failover.StateCell;
import io.lockstep.mirror.release.OutputGate;
import io.lockstep.mirror.replicate.LinkBoard;
import io.lockstep.mirror.spi.Arbiter;
import io.lockstep.mirror.spi.FramePort;
import io.lockstep.mirror.spi.GuestVm;
import org.agrona.DirectBuffer;

/**
 * The running side of one guest: captures epochs, holds outputs back until they are safe, and decides whether this host may go on.
 *
 * <p>Threading: one thread, the engine thread, calls everything. The link thread runs
 * {@link io.lockstep.mirror.replicate.Replicator}; they share the send window and the link board.
 */
public final class PrimaryMirror implements CheckpointCapture.Listener {
    private static final int FRAMES_PER_CALL = 64;
    private static final int CHECKPOINT_FAILURES = 5;
    private static final long RETRY_NS = 100_000_000L;
    private static final long MAX_BACKOFF_NS = 5_000_000_000L;

    private final PrimaryParts parts;
    private final GuestVm guest;
    private final LinkBoard board;
    private final Arbiter arbiter;
    private final MirrorListener listener;
    private final StateCell cell;
    private final OutputGate gate;
    private final CheckpointCapture capture;
    private final PartnerWatch partner;
    private final GiveAway giveAway;
    private final FramePort.Handler hold;
    private final FramePort.Handler deliver;
    private long nowNs;
    private long term;
    private long imageId;
    private long session;
    private long acked;
    private boolean partnerWanted = true;
    private boolean guestDied;
    private long claimedNs;
    private long seekAtNs;
    private long backoffNs = RETRY_NS;

    /**
     * A mirror for a guest that runs already; nothing leaves before a term is held.
     *
     * @param heldTerm the term this host won for the guest, 0 to claim one first
     */
    public PrimaryMirror(PrimaryParts parts, MirrorPolicy policy, MirrorListener listener, long heldTerm, long nowNs) {
        this.parts = parts;
        this.guest = parts.guest();
        this.board = parts.board();
        this.arbiter = parts.arbiter();
        this.listener = listener;
        this.nowNs = nowNs;
        this.cell = new StateCell(parts.vm() + " primary", MirrorState.STARTING, listener);
        this.gate = new OutputGate(policy.heldOutputBytes());
        this.capture = new CheckpointCapture(parts, gate, policy, this, nowNs);
        this.partner = new PartnerWatch(policy, nowNs);
        this.giveAway = new GiveAway(board, policy.detectNs());
        this.hold = gate::hold;
        this.deliver = this::deliver;
        if (heldTerm > 0) {
            aloneWith(heldTerm, "term " + heldTerm + " is held");
        } else {
            term = arbiter.highestTerm();
            arbiter.claim(term, "start of the guest");
            claimedNs = nowNs;
        }
    }

    /** The state. */
    public MirrorState state() {
        return cell.state();
    }

    /** Why. */
    public String reason() {
        return cell.reason();
    }

    /** The term held. */
    public long term() {
        return term;
    }

    /** The last epoch the secondary acknowledged. */
    public long epoch() {
        return acked;
    }

    /** What is counted. */
    public Counters counters() {
        return parts.counters();
    }

    /** Asks for a planned move to the partner. Legal in PROTECTED. */
    public void switchover() {
        require(MirrorState.PROTECTED, "switchover");
        cell.become(MirrorState.HANDING_OVER, "switchover was asked for", nowNs);
        giveAway.begin();
        capture.freeze();
    }

    /** Ends the protection; the guest goes on alone. */
    public void unprotect(String why) {
        partnerWanted = false;
        board.seek(false);
        board.farewell(why);
        if (session != 0) {
            sessionLost(why);
        }
    }

    /** Looks for a partner again after {@link #unprotect}. */
    public void protect() {
        partnerWanted = true;
        seekAtNs = nowNs;
    }

    private void require(MirrorState state, String what) {
        if (cell.state() != state) {
            throw new IllegalStateException(
                    what + " is possible in " + state + " only; the guest is " + cell.state() + ": " + cell.reason());
        }
    }

    /** Does what can be done now. Returns 0 if there was nothing to do. */
    public int doWork(long now) {
        nowNs = now;
        if (cell.state().isFinal()) {
            return 0;
        }
        board.engineAt(now);
        GuestVm.Phase phase = guest.poll();
        int work = watchGuest(phase) + watchTerm() + watchSession() + watchAcks();
        if (cell.state().isFinal()) {
            return work + 1;
        }
        work += guestDied ? 0 : capture.doWork(now, phase);
        work += watchPartner();
        work += decideClaim();
        work += handOver();
        return cell.state().isFinal() ? work : work + moveFrames();
    }

    private int watchGuest(GuestVm.Phase phase) {
        if (phase == GuestVm.Phase.POWERED_OFF) {
            board.farewell("the guest shut itself down");
            board.retire();
            cell.become(MirrorState.POWERED_OFF, "the guest shut itself down", nowNs);
            return 1;
        }
        if (phase != GuestVm.Phase.LOST || guestDied) {
            return 0;
        }
        guestDied = true;
        String why = "the guest died: " + guest.problem();
        guest.kill(why); // what is lost may still execute
        if (cell.state() == MirrorState.PROTECTED) {
            giveAway.begin();
            cell.become(MirrorState.HANDING_OVER, why, nowNs);
        } else if (cell.state() != MirrorState.HANDING_OVER) {
            board.disconnect(why);
            board.retire();
            cell.become(MirrorState.FAILED, why + ", while " + cell.state(), nowNs);
        }
        return 1;
    }

    /** Whoever wins a higher term may run the guest, so this host may not (invariant I2). */
    private int watchTerm() {
        MirrorState state = cell.state();
        if (state.isFinal()
                || state == MirrorState.STARTING
                || state == MirrorState.CLAIMING
                || arbiter.highestTerm() <= term) {
            return 0;
        }
        stepDown("term " + arbiter.highestTerm() + " was won by another host, this one holds " + term);
        return 1;
    }

    private void stepDown(String why) {
        guest.kill(why);
        board.disconnect(why);
        board.retire();
        cell.become(MirrorState.STEPPED_DOWN, why, nowNs);
    }

    private int watchSession() {
        if (cell.state().isFinal()) {
            return 0;
        }
        int work = 0;
        LinkBoard.Ended ended = board.takeEnded();
        if (ended != null) {
            work++;
            if (!board.peerFarewell().isEmpty()) {
                stepDown("the partner says: " + board.peerFarewell());
                return work;
            }
            if (ended.refused()) {
                listener.onNotice("the partner refused to protect the guest: " + ended.reason());
            }
            if (session != 0 && ended.generation() >= session) {
                sessionLost(ended.reason());
            }
            board.seek(false);
            seekAtNs = nowNs + backoffNs;
            backoffNs = Math.min(2 * backoffNs, MAX_BACKOFF_NS);
        }
        if (cell.state() == MirrorState.SIMPLEX
                && capture.isIdle()
                && parts.window().failure() == null) {
            board.seek(partnerWanted && nowNs >= seekAtNs);
            LinkBoard.Offer offer = partnerWanted ? board.takeOffer() : null;
            if (offer != null) {
                startSession(offer);
                work++;
            }
        }
        return work;
    }

    private void startSession(LinkBoard.Offer offer) {
        board.seek(
                false); // a link that comes back must not end what the partner can take over, before this side goes on
        // alone
        boolean resume = imageId != 0
                && offer.resumeImageId() == imageId
                && offer.resumeEpoch() >= acked
                && offer.resumeEpoch() <= capture.epoch();
        if (!resume) {
            imageId = parts.imageIds().getAsLong();
        }
        session = offer.generation();
        partner.restart(nowNs);
        capture.startSession(session, imageId, !resume, resume ? offer.resumeChain() : imageId);
        String what = resume ? "changed pages only, the partner still has epoch " + offer.resumeEpoch() : "full copy";
        cell.become(MirrorState.SYNCING, what, nowNs);
    }

    private void sessionLost(String why) {
        session = 0;
        capture.endSession();
        parts.counters().add(Counter.LINK_LOSSES, 1);
        switch (cell.state()) {
            case SYNCING -> cell.become(MirrorState.SIMPLEX, "the first copy was not finished: " + why, nowNs);
            case ARMING, PROTECTED -> claimAlone(why);
            case HANDING_OVER -> {
                if (guestDied) {
                    stepDown("the guest died, and the partner is lost: " + why);
                } else {
                    claimAlone("switchover failed: " + why);
                }
            }
            default -> listener.onNotice("session ended: " + why);
        }
    }

    private void claimAlone(String why) {
        cell.become(MirrorState.CLAIMING, why, nowNs);
        arbiter.claim(term, why);
        claimedNs = nowNs;
    }

    private int watchAcks() {
        long upTo = board.ackedEpoch();
        MirrorState state = cell.state();
        boolean counts =
                state == MirrorState.ARMING || state == MirrorState.PROTECTED || state == MirrorState.HANDING_OVER;
        if (!counts || upTo <= acked) {
            return 0;
        }
        acked = upTo;
        capture.acknowledged(upTo, nowNs);
        gate.permit(upTo);
        parts.counters().set(Counter.EPOCHS_COMMITTED, upTo);
        if (state == MirrorState.ARMING) {
            backoffNs = RETRY_NS;
            cell.become(MirrorState.PROTECTED, "the partner has epoch " + upTo, nowNs);
        }
        return 1;
    }

    private int watchPartner() {
        if (session == 0) {
            return 0;
        }
        String why = partner.judge(board.heardNs(), cell.state() == MirrorState.SYNCING, nowNs);
        if (why.isEmpty()) {
            return 0;
        }
        board.disconnect(why);
        sessionLost(why);
        return 1;
    }

    private int decideClaim() {
        MirrorState state = cell.state();
        if (state != MirrorState.CLAIMING && state != MirrorState.STARTING) {
            return 0;
        }
        switch (arbiter.outcome()) {
            case WON -> aloneWith(term + 1, cell.reason().isEmpty() ? "term " + (term + 1) + " is won" : cell.reason());
            case LOST -> stepDown("another host won term " + (term + 1) + ": " + arbiter.detail());
            case UNAVAILABLE -> {
                if (nowNs - claimedNs < RETRY_NS) {
                    return 0;
                }
                listener.onNotice("outputs wait, the arbiter cannot be asked: " + arbiter.detail());
                arbiter.claim(term, "again");
                claimedNs = nowNs;
            }
            case NONE, PENDING -> {
                return 0;
            }
        }
        return 1;
    }

    private void aloneWith(long heldTerm, String why) {
        term = heldTerm;
        board.term(heldTerm);
        cell.become(MirrorState.SIMPLEX, why, nowNs);
    }

    private int handOver() {
        if (cell.state() != MirrorState.HANDING_OVER) {
            return 0;
        }
        if (guestDied && giveAway.isSent()) {
            board.retire(); // no disconnect, which could overtake the hand-over
            cell.become(MirrorState.STEPPED_DOWN, "the guest died and was handed over at epoch " + acked, nowNs);
            return 1;
        }
        return giveAway.doWork(session, guestDied, acked, gate.hasReleasable(), nowNs);
    }

    private int moveFrames() {
        int work = 0;
        while (gate.hasRoom() && parts.nic().poll(hold, 1) > 0) {
            work++;
        }
        MirrorState state = cell.state();
        if (state.isLiveAlone()) {
            gate.permitAll();
        }
        boolean covered = state == MirrorState.PROTECTED || (state == MirrorState.HANDING_OVER && !giveAway.isAsked());
        if (state.isLiveAlone() || (covered && nowNs < board.leaseUntilNs())) {
            int released = gate.release(parts.uplink());
            parts.counters().add(Counter.OUTPUTS_RELEASED, released);
            work += released;
        }
        parts.counters().set(Counter.OUTPUTS_HELD, gate.heldFrames());
        return work + parts.uplink().poll(deliver, FRAMES_PER_CALL);
    }

    private void deliver(DirectBuffer buffer, int offset, int length) {
        if (!parts.nic().offer(buffer, offset, length)) {
            parts.counters().add(Counter.INPUTS_DROPPED, 1);
        }
    }

    @Override
    public void onArming() {
        cell.become(MirrorState.ARMING, "memory is copied, the first checkpoint starts", nowNs);
    }

    @Override
    public void onCaptured(long epoch, long pages, long stopNs, long copyNs, long pauseNs) {
        listener.onCaptured(epoch, pages, stopNs, copyNs, pauseNs);
    }

    @Override
    public void onFrozen(long epoch) {
        giveAway.frozenAt(epoch);
    }

    @Override
    public void onCheckpointFailed(String problem, int inARow) {
        listener.onNotice("checkpoint failed: " + problem);
        if (inARow >= CHECKPOINT_FAILURES && session != 0) {
            String why = inARow + " checkpoints in a row failed: " + problem;
            board.disconnect(why);
            sessionLost(why);
        }
    }
}
