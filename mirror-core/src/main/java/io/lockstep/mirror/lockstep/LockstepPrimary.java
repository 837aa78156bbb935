package io.lockstep.mirror.lockstep;

import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.record.RecordFault;
import io.lockstep.mirror.spi.Interconnect;
import io.lockstep.mirror.spi.LockstepMachine;
import io.lockstep.mirror.spi.LockstepMachine.Stop;
import org.agrona.DirectBuffer;

/**
 * Runs the live machine and writes its execution log. The caller brings inputs ({@link #offer}), calls {@link #doWork} again and again, and
 * decides about terms: {@link #goAlone} only by the holder of the term, {@link #stop} by who lost it.
 *
 * <p>Output commit (invariant I1): before an output said up to count c is held, the log gets a record that lets the secondary execute up to
 * c. The output leaves when this record is acknowledged. The events before c alone would not do: a secondary that goes live short of c takes
 * its next event there, and from then on is another guest than the one that spoke.
 *
 * <p>Memory is bounded: the machine stands still while the log, the lag or the held outputs are at their limits of {@link LockstepPolicy}.
 *
 * <p>Threading: one thread. No allocation per event. Times in nanoseconds of any clock that does not go back.
 */
public final class LockstepPrimary {
    private static final int POLL_LIMIT = 64;
    /** The longest record that is not an event: a page of a checkpoint. */
    private static final int LEAST_BULK =
            LogDescriptor.HEADER_LENGTH + LogDescriptor.space(Long.BYTES + PageRegion.PAGE_SIZE);

    private final LockstepMachine machine;
    private final Interconnect link;
    private final OutputPort port;
    private final LockstepPolicy policy;
    private final LogWriter log;
    private final Replies replies;
    private final JoinCopy copy;
    private final DigestLog digests;
    private final OutputHold held;
    private final GuestClock clock;
    private PrimaryPhase phase = PrimaryPhase.ALONE;
    private String reason = "started";
    private long incarnation;
    private long windowFrom;
    private long joinCount;
    private long inputs;
    private boolean idle;
    private boolean ended;
    /** The last call executed nothing. */
    private boolean quiet;

    /** A primary for a machine that is loaded and was not mirrored before. */
    public LockstepPrimary(
            LockstepMachine machine, Interconnect link, OutputPort port, LockstepPolicy policy, long nowNs) {
        this(machine, link, port, policy, new OutputHold(policy.heldOutputBytes()), 0, nowNs);
    }

    /** A primary that goes on with this machine; what is held may leave at once. */
    LockstepPrimary(
            LockstepMachine machine,
            Interconnect link,
            OutputPort port,
            LockstepPolicy policy,
            OutputHold held,
            long inputs,
            long nowNs) {
        this.machine = machine;
        this.link = link;
        this.port = port;
        this.policy = policy;
        this.held = held;
        this.inputs = inputs;
        log = new LogWriter(link);
        replies = new Replies(log);
        copy = new JoinCopy(machine, log);
        digests = new DigestLog(machine, log, policy.digestInstructions());
        clock = new GuestClock(machine, policy.clockNs(), nowNs);
    }

    /**
     * Begins to protect the guest: the other end is a new {@link LockstepSecondary} of the same generation.
     *
     * @throws IllegalStateException if there is a session, or no link
     */
    public void join(long generation) {
        if (!link.isUp()) {
            throw new IllegalStateException("join without a link: " + link.downReason());
        }
        if (link.maxBulkLength() < LEAST_BULK) {
            throw new IllegalStateException(
                    "the link's frames have at most " + link.maxBulkLength() + " bytes, least " + LEAST_BULK);
        }
        become(PrimaryPhase.COPYING, "copying for session " + generation);
        incarnation = link.incarnation();
        log.start(generation);
        replies.start();
        copy.start();
    }

    /** The caller holds the term and the secondary cannot go live: the guest goes on alone, and its outputs leave at once. */
    public void goAlone(String why, long nowNs) {
        endSession(PrimaryPhase.ALONE, why);
        clock.restart(nowNs);
    }

    /** The guest runs elsewhere, or may. Final. */
    public void stop(String why) {
        endSession(PrimaryPhase.STOPPED, why);
    }

    private void endSession(PrimaryPhase next, String why) {
        become(next, why);
        replies.end();
        log.abandon();
    }

    /**
     * Brings one input to the guest. False if it cannot be taken now: the caller keeps it.
     *
     * @throws IllegalArgumentException if it is longer than an event may ever be, or for the clock
     */
    public boolean offer(int channel, DirectBuffer buffer, int offset, int length, long nowNs) {
        int most = policy.maxEventBytes(phase.hasSession() ? link.maxBulkLength() : Integer.MAX_VALUE);
        if (channel == LockstepMachine.CLOCK || length < 1 || length > most) {
            throw new IllegalArgumentException(
                    "input of " + length + " bytes on channel " + channel + ": from 1 to " + most + ", no clock");
        }
        if (!phase.guestRuns() || ended || !isSettled() || !machine.accepts(channel, length)) {
            return false;
        }
        if (idle && clock.isBehind(nowNs) && !event(LockstepMachine.CLOCK, clock.event(nowNs), 0, Long.BYTES)) {
            return false;
        }
        if (!event(channel, buffer, offset, length)) {
            return false;
        }
        inputs++;
        return true;
    }

    /** Logged first: an event that the log has no room for does not happen. */
    private boolean event(int channel, DirectBuffer buffer, int offset, int length) {
        if (phase == PrimaryPhase.PROTECTED) {
            int at = log.reserve(length);
            if (at < 0) {
                return false;
            }
            log.frame().putBytes(at, buffer, offset, length);
            log.commit(LogDescriptor.EVENT, channel, machine.instructionCount(), length);
        }
        machine.inject(channel, buffer, offset, length);
        idle = false;
        return true;
    }

    /** Does what is to be done now; returns 0 if there was nothing. */
    public int doWork(long nowNs) {
        int work = watchLink(nowNs);
        if (phase != PrimaryPhase.STOPPED && phase != PrimaryPhase.CUT) {
            work += held.release(phase == PrimaryPhase.PROTECTED ? replies.received() : Long.MAX_VALUE, port);
        }
        if (phase == PrimaryPhase.COPYING || phase == PrimaryPhase.PAUSED) {
            work += copyOn(nowNs);
        }
        int executed = phase.guestRuns() && !ended ? execute(nowNs) : 0;
        quiet = executed == 0;
        return work + executed + send();
    }

    private int watchLink(long nowNs) {
        int work = 0;
        try {
            work = link.poll(replies, POLL_LIMIT);
        } catch (RecordFault fault) {
            link.disconnect(fault.getMessage());
            lost(fault.getMessage(), nowNs);
        }
        if (phase.hasSession() && replies.divergence() != null) {
            String what = replies.divergence().toString();
            link.disconnect(what);
            lost(what, nowNs);
        }
        if (phase.hasSession() && (!link.isUp() || link.incarnation() != incarnation)) {
            lost("link lost: " + link.downReason(), nowNs);
        }
        log.limit(
                phase == PrimaryPhase.PROTECTED
                        ? Math.max(windowFrom, replies.applied()) + policy.maxLagBytes()
                        : Long.MAX_VALUE);
        return work;
    }

    /** Before the checkpoint is complete the secondary cannot go live, so the guest simply goes on. */
    private void lost(String why, long nowNs) {
        if (phase == PrimaryPhase.PROTECTED) {
            endSession(PrimaryPhase.CUT, why);
        } else if (phase.hasSession()) {
            goAlone(why, nowNs);
        }
    }

    private int copyOn(long nowNs) {
        long before = log.position();
        if (phase == PrimaryPhase.COPYING && copy.copyRunning(policy.maxLagBytes()) && isSettled() && held.isEmpty()) {
            copy.pause();
            become(PrimaryPhase.PAUSED, "sending the rest");
        }
        if (phase == PrimaryPhase.PAUSED && copy.copyPaused(link.maxBulkLength())) {
            windowFrom = log.position();
            joinCount = machine.instructionCount();
            inputs = 0;
            log.limit(windowFrom + policy.maxLagBytes());
            held.restart();
            digests.start();
            clock.restart(nowNs);
            become(PrimaryPhase.PROTECTED, "protected from instruction " + joinCount);
        }
        return log.position() == before ? 0 : 1;
    }

    private int execute(long nowNs) {
        if (!isSettled()) {
            return 0;
        }
        if (clock.isDue(idle, nowNs)) {
            event(LockstepMachine.CLOCK, clock.event(nowNs), 0, Long.BYTES);
        }
        long before = machine.instructionCount();
        long until = until(before);
        if (idle || until <= before) {
            return 0;
        }
        Stop stop = machine.run(until);
        idle = stop == Stop.IDLE;
        ended = stop == Stop.ENDED;
        isSettled(); // now rather than in the next call: what was said waits for it
        return 1;
    }

    private long until(long count) {
        long until = count + policy.sliceInstructions();
        if (phase != PrimaryPhase.PROTECTED) {
            return until;
        }
        long lagEnd = Math.max(joinCount, replies.appliedCount()) + policy.maxLagInstructions();
        return Math.min(until, Math.min(lagEnd, digests.next()));
    }

    /**
     * Writes what is owed to the log for the instructions executed so far, and takes the outputs. False if there was no room: nothing
     * happens to the machine before there is.
     */
    private boolean isSettled() {
        if (phase != PrimaryPhase.PROTECTED) {
            return held.drain(machine, 0);
        }
        long count = machine.instructionCount();
        if (count > Math.max(joinCount, log.lastCount())) {
            if (log.reserve(0) < 0) {
                return false;
            }
            log.commit(LogDescriptor.PROGRESS, 0, count, 0);
        }
        return held.drain(machine, log.position()) && digests.settle();
    }

    private int send() {
        if (!phase.hasSession()) {
            return 0;
        }
        long before = log.flushedPosition();
        long released = phase == PrimaryPhase.PROTECTED ? held.releasedPosition() : 0;
        log.flush(released);
        // A secondary whose hold is full goes on only when it hears what it may forget; then this side is quiet soon.
        boolean reported = released > log.reportedRelease() && quiet && log.report(released);
        return log.flushedPosition() == before && !reported ? 0 : 1;
    }

    private void become(PrimaryPhase next, String why) {
        if (!next.mayFollow(phase)) {
            throw new IllegalStateException(
                    "ILLEGAL TRANSITION of a primary: " + phase + " -> " + next + " (" + why + ")");
        }
        phase = next;
        reason = why;
    }

    /** Where it is. */
    public PrimaryPhase phase() {
        return phase;
    }

    /** Why it is there. */
    public String reason() {
        return reason;
    }

    /** What the secondary of the last session found; null for nothing. */
    public Divergence divergence() {
        return replies.divergence();
    }

    /** True after the guest has ended; what it said still leaves as it may. */
    public boolean hasEnded() {
        return ended;
    }

    /** True if the guest waits for an input or for its timer. */
    public boolean isIdle() {
        return idle;
    }

    /** Inputs taken since the session began, or since this primary began. A new primary after a failover tells how many of them it has. */
    public long inputs() {
        return inputs;
    }

    /** Instructions that the secondary is behind, as far as this side knows; 0 without a session. */
    public long lagInstructions() {
        return phase == PrimaryPhase.PROTECTED
                ? machine.instructionCount() - Math.max(joinCount, replies.appliedCount())
                : 0;
    }

    /** Bytes of log that the secondary has not executed, as far as this side knows; 0 without a session. */
    public long lagBytes() {
        return phase == PrimaryPhase.PROTECTED ? log.position() - Math.max(windowFrom, replies.applied()) : 0;
    }

    /** Outputs that wait. */
    public long heldOutputs() {
        return held.pieces();
    }
}
