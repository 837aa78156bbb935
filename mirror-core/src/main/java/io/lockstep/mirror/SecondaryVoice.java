package io.lockstep.mirror;

import io.lockstep.mirror.apply.DivergenceException;
import io.lockstep.mirror.apply.ReplicaApplier;
import io.lockstep.mirror.record.AckLevel;
import io.lockstep.mirror.record.ControlWriter;
import io.lockstep.mirror.spi.Interconnect;

/**
 * What the secondary says on the control channel. Remembers what it still owes: the answer to a protect request, and acknowledgements
 * that found no room.
 *
 * <p>Threading: one thread.
 */
final class SecondaryVoice {
    private final Interconnect link;
    private final AckLevel level;
    private final ControlWriter writer = new ControlWriter();
    private long generation;
    private boolean answerOwed;
    private String refusal;
    private boolean inSession;
    private long ackedPosition = -1;
    private long ackedEpoch;
    private long ackedDurable;

    SecondaryVoice(Interconnect link, AckLevel level) {
        this.link = link;
        this.level = level;
    }

    /** A protect request came: it must be answered, and whatever session there was is over. */
    void asked(long newGeneration) {
        generation = newGeneration;
        answerOwed = true;
        refusal = null;
        inSession = false;
    }

    /** The connection or the session is gone, and nobody waits for an answer any more. */
    void sessionOver() {
        answerOwed = false;
        refusal = null;
        inSession = false;
    }

    /** True from the answer "yes" to the end of the session. */
    boolean isInSession() {
        return inSession;
    }

    /** True while the question whether this host protects the guest is open. */
    boolean owesAnswer() {
        return answerOwed && refusal == null;
    }

    /** Answers "no", now or as soon as there is room. */
    int refuse(String reason) {
        refusal = reason;
        return repeatRefusal();
    }

    /** Sends a refusal that found no room. */
    int repeatRefusal() {
        if (refusal == null || !send(writer.verdict(false, generation, 0, 0, 0, 0, refusal))) {
            return 0;
        }
        sessionOver();
        return 1;
    }

    /** Answers "yes", if there is room: the session starts. */
    int accept(Replica replica) {
        ReplicaApplier applier = replica.applier();
        int length = writer.verdict(
                true,
                generation,
                applier.resumeImageId(),
                applier.epoch(),
                applier.chain(),
                replica.disk().token(),
                "");
        if (!send(length)) {
            return 0;
        }
        answerOwed = false;
        inSession = true;
        applier.startSession(generation);
        ackedPosition = -1;
        ackedEpoch = 0;
        ackedDurable = 0;
        return 1;
    }

    /**
     * Acknowledges what has arrived and was not acknowledged yet. Nothing while the disk has no room: that is how a slow copy of the
     * disk holds the guest back (invariant I7).
     */
    int acknowledge(Replica replica) {
        if (!inSession || !replica.disk().hasRoom()) {
            return 0;
        }
        ReplicaApplier applier = replica.applier();
        long durable = applier.durableInSession();
        long epoch = level == AckLevel.JOURNALED ? durable : applier.committedInSession();
        if (applier.position() == ackedPosition && epoch == ackedEpoch && durable == ackedDurable) {
            return 0;
        }
        if (!send(writer.ack(level, generation, applier.position(), epoch, applier.chainAt(epoch), durable))) {
            return 0;
        }
        ackedPosition = applier.position();
        ackedEpoch = epoch;
        ackedDurable = durable;
        return 1;
    }

    void echo(long sequence, long sentNs) {
        send(writer.heartbeatEcho(sequence, sentNs));
    }

    void diverged(DivergenceException e) {
        send(writer.divergence(e.epoch(), e.page(), e.expected(), e.actual(), e.getMessage()));
    }

    void farewell(String reason) {
        send(writer.farewell(reason));
    }

    private boolean send(int length) {
        return link.sendControl(writer.buffer(), 0, length);
    }
}
