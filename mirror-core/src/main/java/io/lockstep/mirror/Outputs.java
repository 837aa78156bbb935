package io.lockstep.mirror;

import io.lockstep.mirror.counters.Counter;
import io.lockstep.mirror.counters.Counters;
import io.lockstep.mirror.release.OutputGate;
import io.lockstep.mirror.spi.FramePort;
import org.agrona.DirectBuffer;

/**
 * Moves frames: from the guest's card into the gate, from the gate to the outside as far as it may, and from the outside to the card.
 *
 * <p>Threading: one thread, the engine.
 */
final class Outputs {
    private static final int FRAMES_PER_CALL = 64;

    private final FramePort nic;
    private final FramePort uplink;
    private final OutputGate gate;
    private final Counters counters;
    private final FramePort.Handler hold;
    private final FramePort.Handler deliver;

    Outputs(PrimaryParts parts, OutputGate gate) {
        this.nic = parts.nic();
        this.uplink = parts.uplink();
        this.gate = gate;
        this.counters = parts.counters();
        this.hold = gate::hold;
        this.deliver = this::deliver;
    }

    /**
     * Moves what can be moved now.
     *
     * @param alone the guest is not mirrored: everything may leave
     * @param open what is permitted may leave
     */
    int move(boolean alone, boolean open) {
        int work = 0;
        while (gate.hasRoom() && nic.poll(hold, 1) > 0) {
            work++;
        }
        if (alone) {
            gate.permitAll();
        }
        if (alone || open) {
            int released = gate.release(uplink);
            counters.add(Counter.OUTPUTS_RELEASED, released);
            work += released;
        }
        counters.set(Counter.OUTPUTS_HELD, gate.heldFrames());
        return work + uplink.poll(deliver, FRAMES_PER_CALL);
    }

    private void deliver(DirectBuffer buffer, int offset, int length) {
        if (!nic.offer(buffer, offset, length)) {
            counters.add(Counter.INPUTS_DROPPED, 1);
        }
    }
}
