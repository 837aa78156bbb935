package io.lockstep.transport;

import io.lockstep.mirror.spi.Interconnect;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;

/** Keeps what arrives, in order. */
public final class Collector implements Interconnect.Listener {
    /** Copies of the bulk payloads. */
    public final List<byte[]> bulk = new ArrayList<>();
    /** Copies of the control payloads. */
    public final List<byte[]> control = new ArrayList<>();
    /** One letter per frame, B or C. */
    public final StringBuilder order = new StringBuilder();

    @Override
    public void onBulk(DirectBuffer buffer, int offset, int length) {
        bulk.add(copy(buffer, offset, length));
        order.append('B');
    }

    @Override
    public void onControl(DirectBuffer buffer, int offset, int length) {
        control.add(copy(buffer, offset, length));
        order.append('C');
    }

    private static byte[] copy(DirectBuffer buffer, int offset, int length) {
        byte[] bytes = new byte[length];
        buffer.getBytes(offset, bytes);
        return bytes;
    }
}
