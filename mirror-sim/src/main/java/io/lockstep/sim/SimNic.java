package io.lockstep.sim;

import io.lockstep.mirror.spi.FramePort;
import java.util.ArrayDeque;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** The network card of a guest: two short queues. What the guest sends while its queue is full it has to send again. */
final class SimNic implements FramePort {
    static final int ROOM = 48;

    private final ArrayDeque<byte[]> fromGuest = new ArrayDeque<>();
    private final ArrayDeque<byte[]> toGuest = new ArrayDeque<>();
    private final UnsafeBuffer view = new UnsafeBuffer(0, 0);

    boolean send(byte[] frame) {
        return fromGuest.size() < ROOM && fromGuest.add(frame);
    }

    byte[] receive() {
        return toGuest.poll();
    }

    @Override
    public int poll(Handler handler, int limit) {
        int count = 0;
        while (count < limit && !fromGuest.isEmpty()) {
            byte[] frame = fromGuest.poll();
            view.wrap(frame);
            handler.onFrame(view, 0, frame.length);
            count++;
        }
        return count;
    }

    @Override
    public boolean offer(DirectBuffer buffer, int offset, int length) {
        if (toGuest.size() >= ROOM) {
            return false;
        }
        byte[] frame = new byte[length];
        buffer.getBytes(offset, frame);
        return toGuest.add(frame);
    }
}
