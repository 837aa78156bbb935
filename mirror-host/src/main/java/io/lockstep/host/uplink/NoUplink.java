package io.lockstep.host.uplink;

import io.lockstep.mirror.spi.FramePort;
import org.agrona.DirectBuffer;

/** A card without a cable: what is sent is gone, nothing arrives. */
public final class NoUplink implements FramePort {
    @Override
    public int poll(Handler handler, int limit) {
        return 0;
    }

    @Override
    public boolean offer(DirectBuffer buffer, int offset, int length) {
        return true;
    }
}
