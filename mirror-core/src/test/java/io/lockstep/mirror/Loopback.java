package io.lockstep.mirror;

import io.lockstep.mirror.spi.Interconnect;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Two ends of a link in one thread. Allocates nothing after construction. */
final class Loopback implements Interconnect {
    private static final int FRAME = 1 << 16;

    private final Frames bulk = new Frames(4);
    private final Frames control = new Frames(256);
    private Loopback peer;

    private static final class Frames {
        final UnsafeBuffer[] buffers;
        final int[] lengths;
        long head;
        long tail;

        Frames(int count) {
            buffers = new UnsafeBuffer[count];
            lengths = new int[count];
            for (int i = 0; i < count; i++) {
                buffers[i] = new UnsafeBuffer(new byte[FRAME]);
            }
        }

        UnsafeBuffer claim() {
            return tail - head == buffers.length ? null : buffers[(int) (tail % buffers.length)];
        }

        void commit(int length) {
            lengths[(int) (tail++ % buffers.length)] = length;
        }
    }

    static Loopback[] pair() {
        Loopback[] ends = {new Loopback(), new Loopback()};
        ends[0].peer = ends[1];
        ends[1].peer = ends[0];
        return ends;
    }

    @Override
    public boolean isUp() {
        return true;
    }

    @Override
    public long incarnation() {
        return 1;
    }

    @Override
    public String downReason() {
        return "";
    }

    @Override
    public int maxBulkLength() {
        return FRAME;
    }

    @Override
    public MutableDirectBuffer claimBulk() {
        return peer.bulk.claim();
    }

    @Override
    public void commitBulk(int length) {
        if (length > 0) {
            peer.bulk.commit(length);
        }
    }

    @Override
    public boolean sendControl(DirectBuffer buffer, int offset, int length) {
        UnsafeBuffer frame = peer.control.claim();
        if (frame == null) {
            return false;
        }
        frame.putBytes(0, buffer, offset, length);
        peer.control.commit(length);
        return true;
    }

    @Override
    public int poll(Listener listener, int limit) {
        int delivered = 0;
        while (delivered < limit && control.head < control.tail) {
            int index = (int) (control.head % control.buffers.length);
            listener.onControl(control.buffers[index], 0, control.lengths[index]);
            control.head++;
            delivered++;
        }
        while (delivered < limit && bulk.head < bulk.tail) {
            int index = (int) (bulk.head % bulk.buffers.length);
            listener.onBulk(bulk.buffers[index], 0, bulk.lengths[index]);
            bulk.head++;
            delivered++;
        }
        return delivered;
    }

    @Override
    public void disconnect(String reason) {}
}
