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
    private final ControlWriter writer = new ControlWriter();
    private long generation;
    private boolean answerOwed;
    private String refusal;
    private boolean inSession;
    private long ackedPosition = -1;
    private long ackedEpoch;

    SecondaryVoice(Interconnect link) {
        this.link = link;
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
        if (refusal == null || !send(writer.verdict(false, generation, 0, 0, 0, refusal))) {
            return 0;
        }
        sessionOver();
        return 1;
    }

    /** Answers "yes", if there is room: the session starts. */
    int accept(ReplicaApplier applier) {
        if (!send(writer.verdict(true, generation, applier.resumeImageId(), applier.epoch(), applier.chain(), ""))) {
            return 0;
        }
        answerOwed = false;
        inSession = true;
        applier.startSession(generation);
        ackedPosition = -1;
        ackedEpoch = 0;
        return 1;
    }

    /** Acknowledges what has arrived and was not acknowledged yet. */
    int acknowledge(ReplicaApplier applier) {
        if (!inSession || (applier.position() == ackedPosition && applier.committedInSession() == ackedEpoch)) {
            return 0;
        }
        return acknowledge(applier, applier.committedInSession(), applier.chain());
    }

    int acknowledge(ReplicaApplier applier, long epoch, long chain) {
        if (!send(writer.ack(AckLevel.RECEIVED, generation, applier.position(), epoch, chain))) {
            return 0;
        }
        ackedPosition = applier.position();
        ackedEpoch = epoch;
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
