package io.lockstep.mirror.lockstep;

import io.lockstep.mirror.record.RecordFault;
import io.lockstep.mirror.spi.Interconnect;
import io.lockstep.mirror.spi.LockstepMachine;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Executes what the primary's log allows, and can go on from its end. The caller calls {@link #doWork} again and again, and {@link #goLive}
 * when it holds the term; once the phase is {@link SecondaryPhase#LIVE}, {@link #takeOver} makes the new primary.
 *
 * <p>What is acknowledged as received is checked and in this process's memory. What the log does to the machine is checked when it is
 * executed (invariants I6, I8): a difference stops the mirror and is told to the primary, see {@link #divergence}. A frame that is no legal
 * log ends the link; what was received before stays good, so the secondary can still go live.
 *
 * <p>Threading: one thread. No allocation per event.
 */
public final class LockstepSecondary {
    private static final int POLL_LIMIT = 64;

    private final LockstepMachine machine;
    private final Interconnect link;
    private final LockstepPolicy policy;
    private final long generation;
    private final long incarnation;
    private final LogReader log;
    private final CheckpointLoad checkpoint;
    private final Comparison comparison;
    private final OutputHold held;
    private final Replay replay;
    private final Listener listener = new Listener();
    private final UnsafeBuffer reply = new UnsafeBuffer(new byte[ReplyDescriptor.LENGTH]);
    private OutputPort port;
    private SecondaryPhase phase = SecondaryPhase.LOADING;
    private String reason = "waiting for a checkpoint";
    private Divergence divergence;
    private String differing = "";
    private long acknowledged;
    private long toldApplied;
    private long toldCount;
    private long repeated;

    /**
     * A secondary of one session.
     *
     * @param machine of the same configuration as the primary's; its content is replaced
     * @param link is up
     */
    public LockstepSecondary(LockstepMachine machine, Interconnect link, LockstepPolicy policy, long generation) {
        this.machine = machine;
        this.link = link;
        this.policy = policy;
        this.generation = generation;
        incarnation = link.incarnation();
        log = new LogReader(generation, machine.channels().length);
        checkpoint = new CheckpointLoad(machine, policy.maxLagBytes());
        comparison = new Comparison(machine, policy.scrubPages());
        held = new OutputHold(2 * policy.heldOutputBytes());
        replay = new Replay(machine, held, comparison, policy.maxLagBytes());
    }

    /** Does what is to be done now, at most a slice of instructions; returns 0 if there was nothing. */
    public int doWork() {
        int work = phase.listens() ? receive() : 0;
        if (phase == SecondaryPhase.GOING_LIVE) {
            say();
        }
        if (phase == SecondaryPhase.DIVERGED) {
            work += link.poll(listener, POLL_LIMIT); // so that the report leaves; what comes is ignored
        }
        if (phase.executes()) {
            long before = replay.applied() + machine.instructionCount();
            execute();
            work += replay.applied() + machine.instructionCount() == before ? 0 : 1;
        }
        if (phase.listens()) {
            acknowledge();
        }
        return work;
    }

    /** The term is held, so nobody has to acknowledge this; and a full hold must not keep the machine from the end of the log. */
    private void say() {
        repeated += held.release(Long.MAX_VALUE, port);
    }

    private int receive() {
        int work = 0;
        try {
            work = link.poll(listener, POLL_LIMIT);
        } catch (RecordFault fault) {
            link.disconnect(fault.getMessage());
            linkLost(fault.getMessage());
        }
        if (phase.listens() && (!link.isUp() || link.incarnation() != incarnation)) {
            linkLost("link lost: " + link.downReason());
        }
        if (phase.executes()) {
            held.forget(log.released()); // also after a fault: the frames before it said so
        }
        return work;
    }

    private void linkLost(String why) {
        become(phase == SecondaryPhase.LOADING ? SecondaryPhase.FAILED : SecondaryPhase.LOST, why);
    }

    private void record(int type, int channel, long count, DirectBuffer buffer, int offset, int length) {
        if (phase == SecondaryPhase.LOADING) {
            if (checkpoint.record(type, buffer, offset, length)) {
                loaded(count, buffer, offset, length);
            }
        } else if (phase == SecondaryPhase.FOLLOWING) {
            if (type >= LogDescriptor.CHECKPOINT) {
                throw new RecordFault("record of type " + type + " after the checkpoint");
            }
            replay.add(type, channel, count, buffer, offset, length);
        }
    }

    private void loaded(long count, DirectBuffer buffer, int offset, int length) {
        if (count != machine.instructionCount()) {
            throw new RecordFault(
                    "count of the checkpoint is " + count + ", of its state " + machine.instructionCount());
        }
        Divergence found = comparison.checkpoint(buffer, offset);
        if (found != null) {
            diverged(found);
            return;
        }
        replay.start(log.position() + LogDescriptor.space(length));
        become(SecondaryPhase.FOLLOWING, "checkpoint complete at instruction " + count);
    }

    private void execute() {
        try {
            Divergence found = replay.execute(policy.sliceInstructions());
            if (found != null) {
                diverged(found);
            } else if (phase == SecondaryPhase.GOING_LIVE && replay.isAtEnd() && held.drain(machine, 0)) {
                repeated += held.pieces();
                become(SecondaryPhase.LIVE, "live at instruction " + machine.instructionCount());
            }
        } catch (RecordFault fault) {
            if (phase.listens()) {
                link.disconnect(fault.getMessage());
            }
            become(SecondaryPhase.FAILED, fault.getMessage());
        }
    }

    private void diverged(Divergence found) {
        divergence = found;
        differing = machine.describeState();
        if (phase.listens()) {
            int kind = ReplyDescriptor.FIRST_DIVERGENCE + found.what().ordinal();
            ReplyDescriptor.write(
                    reply, kind, generation, found.count(), found.page(), found.expected(), found.actual());
            if (!link.sendControl(reply, 0, ReplyDescriptor.LENGTH)) {
                link.disconnect(found.toString());
            }
        }
        become(SecondaryPhase.DIVERGED, found.toString());
    }

    private void acknowledge() {
        long position = log.position();
        long applied = phase == SecondaryPhase.LOADING ? position : replay.applied();
        long count = phase == SecondaryPhase.LOADING ? 0 : machine.instructionCount();
        if (position == acknowledged && applied == toldApplied && count == toldCount) {
            return;
        }
        ReplyDescriptor.write(reply, ReplyDescriptor.ACK, generation, position, applied, count, 0);
        if (link.sendControl(reply, 0, ReplyDescriptor.LENGTH)) {
            acknowledged = position;
            toldApplied = applied;
            toldCount = count;
        }
    }

    /**
     * The caller holds the term, so the primary executes and releases nothing any more. From now on nothing is received or acknowledged;
     * the end of the log is what was received so far. What the old primary may or may not have said is said on the way: {@link
     * #outputsRepeated}.
     *
     * @throws IllegalStateException if this secondary cannot go live: {@link #canGoLive}
     */
    public void goLive(OutputPort newPort) {
        boolean linked = phase.listens();
        become(SecondaryPhase.GOING_LIVE, "executing to the end of the log");
        port = newPort;
        if (linked) {
            link.disconnect("the secondary goes live");
        }
    }

    /** True if {@link #goLive} is legal. */
    public boolean canGoLive() {
        return SecondaryPhase.GOING_LIVE.mayFollow(phase);
    }

    /**
     * Hands the machine and the outputs that still wait to a new primary, which is alone. This secondary is of no use afterwards.
     *
     * @param newLink to a later secondary
     */
    public LockstepPrimary takeOver(Interconnect newLink, long nowNs) {
        if (phase != SecondaryPhase.LIVE) {
            throw new IllegalStateException("take-over in phase " + phase + " (" + reason + ")");
        }
        return new LockstepPrimary(machine, newLink, port, policy, held, replay.inputs(), nowNs);
    }

    private void become(SecondaryPhase next, String why) {
        if (!next.mayFollow(phase)) {
            throw new IllegalStateException(
                    "ILLEGAL TRANSITION of a secondary: " + phase + " -> " + next + " (" + why + ")");
        }
        phase = next;
        reason = why;
    }

    /** Where it is. */
    public SecondaryPhase phase() {
        return phase;
    }

    /** Why it is there; for {@link SecondaryPhase#LOST} and {@link SecondaryPhase#FAILED} the fault. */
    public String reason() {
        return reason;
    }

    /** What differs; null for nothing. */
    public Divergence divergence() {
        return divergence;
    }

    /** The registers when a difference was noticed, for people; empty without one. */
    public String differingState() {
        return differing;
    }

    /** Pieces of output that the old primary may have said already: known when live. */
    public long outputsRepeated() {
        return repeated;
    }

    /** Where those begin, in bytes of output since the session began. */
    public long repeatedFrom() {
        return log.released();
    }

    /** Bytes of log received and not executed. */
    public long lagBytes() {
        return replay.waiting();
    }

    /** Inputs executed since the session began. */
    public long inputs() {
        return replay.inputs();
    }

    /** Frames of the interconnect. */
    private final class Listener implements Interconnect.Listener {
        private final LogReader.Visitor visitor = LockstepSecondary.this::record;

        @Override
        public void onBulk(DirectBuffer buffer, int offset, int length) {
            if (phase.listens()) {
                log.frame(buffer, offset, length, visitor);
            }
        }

        @Override
        public void onControl(DirectBuffer buffer, int offset, int length) {
            if (phase.listens()) {
                throw new RecordFault("reply of " + length + " bytes sent to a secondary");
            }
        }
    }
}
