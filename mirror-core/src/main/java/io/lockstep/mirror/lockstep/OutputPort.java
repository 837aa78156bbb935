package io.lockstep.mirror.lockstep;

import org.agrona.DirectBuffer;

/** The way to the world. */
@FunctionalInterface
public interface OutputPort {
    /**
     * Takes one output that may leave, or says false and is offered it again later. The buffer is valid only during the call.
     *
     * @param count instructions executed when the guest said it
     */
    boolean offer(long count, int channel, DirectBuffer buffer, int offset, int length);
}
