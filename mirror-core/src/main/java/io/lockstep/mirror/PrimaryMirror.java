package io.lockstep.mirror;

import io.lockstep.mirror.capture.CheckpointCapture;
import io.lockstep.mirror.counters.Counter;
import io.lockstep.mirror.counters.Counters;
import io.lockstep.mirror.failover.MirrorState;
import io.lockstep.mirror.failover.StateCell;
import io.lockstep.mirror.release.OutputGate;
import io.lockstep.mirror.replicate.LinkBoard;
import io.lockstep.mirror.spi.Arbiter;
import io.lockstep.mirror.spi.GuestDisk;
import io.lockstep.mirror.spi.GuestVm;

/**
 * The running side of one guest: captures epochs, holds outputs back until they are safe, and decides whether this host may go on.
 *
 * <p>Threading: one thread, the engine thread, calls everything. The link thread runs
 * {@link io.lockstep.mirror.replicate.Replicator}; they share the send window and the link board.
 */
public final class PrimaryMirror implements CheckpointCapture.Listener {
    private static final String SHUT_DOWN = "the guest shut itself down";
    private static final int CHECKPOINT_FAILURES = 5;

    private final PrimaryParts parts;
    private final GuestVm guest;
    private final GuestDisk disk;
    private final DurableExchange durable;
    private final LinkBoard board;
    private final TermClaim claim;
    private final MirrorListener listener;
    private final StateCell cell;
    private final OutputGate gate;
    private final CheckpointCapture capture;
    private final PartnerWatch partner;
    private final PartnerSearch search;
    private final GiveAway giveAway;
    private final Outputs outputs;
    private long nowNs;
    private long imageId;
    private long session;
    private long acked;
    /** Why the guest does not run any more, empty while it does. */
    private String lost = "";

    private boolean guestOff;

    /**
     * A mirror for a guest that runs already; nothing leaves before a term is held.
     *
     * @param heldTerm the term this host won for the guest, 0 to claim one first
     */
    public PrimaryMirror(PrimaryParts parts, MirrorPolicy policy, MirrorListener listener, long heldTerm, long nowNs) {
        this.parts = parts;
        this.guest = parts.guest();
        this.disk = parts.disk();
        this.board = parts.board();
        this.durable = new DurableExchange(disk, board);
        this.claim = new TermClaim(parts.arbiter(), listener);
        this.listener = listener;
        this.nowNs = nowNs;
        this.cell = new StateCell(parts.vm() + " primary", MirrorState.STARTING, listener);
        this.gate = new OutputGate(policy.heldOutputBytes());
        this.capture = new CheckpointCapture(parts, gate, policy, this, nowNs);
        this.partner = new PartnerWatch(policy, nowNs);
        this.search = new PartnerSearch(board);
        this.giveAway = new GiveAway(board, policy.detectNs());
        this.outputs = new Outputs(parts, gate);
        if (heldTerm > 0) {
            aloneWith(heldTerm, "term " + heldTerm + " is held");
        } else {
            claim.claimFirst(nowNs);
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
        return claim.term();
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
        if (cell.state() != MirrorState.PROTECTED) {
            throw new IllegalStateException(
                    "switchover is possible in PROTECTED only; the guest is " + cell.state() + ": " + cell.reason());
        }
        cell.become(MirrorState.HANDING_OVER, "switchover was asked for", nowNs);
        giveAway.begin();
        capture.freeze();
    }

    /** Ends the protection; the guest goes on alone. */
    public void unprotect(String why) {
        search.want(false, nowNs);
        board.farewell(why);
        if (session != 0) {
            sessionLost(why);
        }
    }

    /** Looks for a partner again after {@link #unprotect}. */
    public void protect() {
        search.want(true, nowNs);
    }

    /** Does what can be done now. Returns 0 if there was nothing to do. */
    public int doWork(long now) {
        nowNs = now;
        if (cell.state().isFinal()) {
            return 0;
        }
        board.engineAt(now);
        durable.tell();
        GuestVm.Phase phase = guest.poll();
        int work = watchGuest(phase) + watchDisk() + watchTerm() + watchSession() + watchAcks();
        if (cell.state().isFinal()) {
            return work + 1;
        }
        work += !lost.isEmpty() || guestOff ? 0 : capture.doWork(now, phase);
        work += watchPartner();
        work += decideClaim();
        work += handOver();
        return cell.state().isFinal() ? work : work + moveFrames();
    }

    private int watchGuest(GuestVm.Phase phase) {
        if (phase == GuestVm.Phase.POWERED_OFF) {
            return shutDown();
        }
        return phase == GuestVm.Phase.LOST && lost.isEmpty() ? guestLost("the guest died: " + guest.problem()) : 0;
    }

    /** What the guest wrote last waits for a commit that will not come; it may go to the disk by a term that the partner has not won. */
    private int shutDown() {
        if (guestOff) {
            return 0;
        }
        guestOff = true;
        if (disk.blockCount() == 0 || cell.state().isLiveAlone()) {
            poweredOff();
        } else if (cell.state() != MirrorState.STARTING && cell.state() != MirrorState.CLAIMING) {
            session = 0;
            capture.endSession();
            claimAlone(SHUT_DOWN + ", its last writes wait for the term");
        }
        return 1;
    }

    private void poweredOff() {
        board.farewell(SHUT_DOWN);
        board.retire();
        cell.become(MirrorState.POWERED_OFF, SHUT_DOWN, nowNs);
    }

    /** A guest whose disk is gone is as good as dead here; the partner has a copy of both. */
    private int watchDisk() {
        boolean gone = !cell.state().isFinal()
                && lost.isEmpty()
                && !guestOff
                && !disk.problem().isEmpty();
        return gone ? guestLost("the disk cannot be used any more: " + disk.problem()) : 0;
    }

    private int guestLost(String why) {
        lost = why;
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
                || claim.highest() <= term()) {
            return 0;
        }
        stepDown("term " + claim.highest() + " was won by another host, this one holds " + term());
        return 1;
    }

    private void stepDown(String why) {
        guest.kill(why);
        board.disconnect(why);
        board.retire();
        cell.become(MirrorState.STEPPED_DOWN, why, nowNs);
    }

    private int watchSession() {
        int work = 0;
        LinkBoard.Ended ended = cell.state().isFinal() ? null : board.takeEnded();
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
            search.failed(nowNs);
        }
        boolean free = cell.state() == MirrorState.SIMPLEX && capture.isIdle();
        if (free && parts.window().failure() == null) {
            LinkBoard.Offer offer = search.look(nowNs);
            if (offer != null) {
                startSession(offer);
                work++;
            }
        }
        return work;
    }

    private void startSession(LinkBoard.Offer offer) {
        search.pause();
        boolean resume = imageId != 0
                && offer.resumeImageId() == imageId
                && offer.resumeEpoch() >= acked
                && offer.resumeEpoch() <= capture.epoch();
        if (!resume) {
            imageId = parts.imageIds().getAsLong();
        }
        session = offer.generation();
        partner.restart(nowNs);
        durable.restart();
        capture.startSession(session, imageId, !resume, resume ? offer.resumeChain() : imageId, offer.diskToken());
        String what = resume ? "changed pages only, the partner still has epoch " + offer.resumeEpoch() : "full copy";
        cell.become(MirrorState.SYNCING, what, nowNs);
    }

    private void sessionLost(String why) {
        session = 0;
        capture.endSession();
        parts.counters().add(Counter.LINK_LOSSES, 1);
        switch (cell.state()) {
            case SYNCING -> alone("the first copy was not finished: " + why);
            case ARMING, PROTECTED -> claimAlone(why);
            case HANDING_OVER -> {
                if (!lost.isEmpty()) {
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
        claim.claim(why, nowNs);
    }

    private int watchAcks() {
        long upTo = board.ackedEpoch();
        MirrorState state = cell.state();
        if (state != MirrorState.ARMING && state != MirrorState.PROTECTED && state != MirrorState.HANDING_OVER) {
            return 0;
        }
        if (upTo <= acked) {
            return durable.hear(acked);
        }
        acked = upTo;
        capture.acknowledged(upTo, nowNs);
        gate.permit(upTo);
        parts.counters().set(Counter.EPOCHS_COMMITTED, upTo);
        if (state == MirrorState.ARMING) {
            search.succeeded();
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
        Arbiter.Outcome outcome = claim.outcome(nowNs);
        if (outcome == Arbiter.Outcome.WON) {
            won(cell.reason().isEmpty() ? "term " + (term() + 1) + " is won" : cell.reason());
        } else if (outcome == Arbiter.Outcome.LOST) {
            stepDown("another host won term " + (term() + 1) + ": " + claim.detail());
        }
        return outcome == Arbiter.Outcome.PENDING ? 0 : 1;
    }

    private void won(String why) {
        if (guestOff) {
            claim.holds(term() + 1);
            disk.through();
            poweredOff();
        } else {
            aloneWith(term() + 1, why);
        }
    }

    private void aloneWith(long heldTerm, String why) {
        claim.holds(heldTerm);
        board.term(heldTerm);
        alone(why);
    }

    /** The only way out of holding back (invariant I2): a term is held, and no partner can take over. */
    private void alone(String why) {
        cell.become(MirrorState.SIMPLEX, why, nowNs);
        disk.through();
    }

    private int handOver() {
        if (cell.state() != MirrorState.HANDING_OVER) {
            return 0;
        }
        if (!lost.isEmpty() && giveAway.isSent()) {
            board.retire(); // no disconnect, which could overtake the hand-over
            cell.become(MirrorState.STEPPED_DOWN, lost + "; handed over at epoch " + acked, nowNs);
            return 1;
        }
        return giveAway.doWork(session, !lost.isEmpty(), acked, gate.hasReleasable(), nowNs);
    }

    private int moveFrames() {
        MirrorState state = cell.state();
        boolean covered = state == MirrorState.PROTECTED || (state == MirrorState.HANDING_OVER && !giveAway.isAsked());
        return outputs.move(state.isLiveAlone(), covered && nowNs < board.leaseUntilNs());
    }

    @Override
    public void onArming() {
        cell.become(MirrorState.ARMING, "memory is copied, the first checkpoint starts", nowNs);
        disk.hold();
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
