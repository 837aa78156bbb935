package io.lockstep.host.uplink;

import io.lockstep.mirror.spi.FramePort;
import io.lockstep.nativeio.Poller;
import io.lockstep.nativeio.TapDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.MessageHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/**
 * Frames through a tap device. A selector cannot wait for a tap, so a thread of its own reads frames into a bounded ring and wakes the
 * engine; when the ring is full frames are lost, as on any wire.
 *
 * <p>Threading: {@link #poll} and {@link #offer} by the engine thread.
 */
public final class TapUplink implements FramePort, AutoCloseable {
    private static final int RING_BYTES = 1 << 20;
    private static final int FRAME_TYPE = 1;
    private static final int WAIT_MS = 100;

    private final TapDevice tap;
    private final Runnable wakeUp;
    private final OneToOneRingBuffer ring = new OneToOneRingBuffer(
            new UnsafeBuffer(ByteBuffer.allocateDirect(RING_BYTES + RingBufferDescriptor.TRAILER_LENGTH)));
    private final UnsafeBuffer incoming = new UnsafeBuffer(ByteBuffer.allocateDirect(MAX_FRAME));
    private final UnsafeBuffer outgoing = new UnsafeBuffer(ByteBuffer.allocateDirect(MAX_FRAME));
    private final MessageHandler dispatch;
    private final Thread reader;
    private Handler handler;
    private volatile boolean closed;
    private volatile String problem = "";

    /**
     * Attaches to a tap device and starts to read it.
     *
     * @param wakeUp called on the reader thread when frames have arrived
     */
    public TapUplink(String name, Runnable wakeUp) throws IOException {
        this.tap = TapDevice.open(name);
        this.wakeUp = wakeUp;
        this.dispatch = (type, buffer, offset, length) -> handler.onFrame(buffer, offset, length);
        this.reader = new Thread(this::read, "tap-" + name);
        reader.setDaemon(true);
        reader.start();
    }

    private void read() {
        Poller poller = new Poller(1);
        poller.add(tap.fd(), Poller.IN);
        try {
            while (!closed) {
                if (poller.poll(WAIT_MS) > 0 && drain()) {
                    wakeUp.run();
                }
            }
        } catch (IOException e) {
            problem = e.getMessage();
        }
    }

    private boolean drain() throws IOException {
        boolean any = false;
        int length = tap.read(incoming.addressOffset(), MAX_FRAME);
        while (length > 0 && !closed) {
            any |= ring.write(FRAME_TYPE, incoming, 0, length);
            length = tap.read(incoming.addressOffset(), MAX_FRAME);
        }
        return any;
    }

    @Override
    public int poll(Handler target, int limit) {
        handler = target;
        return ring.read(dispatch, limit);
    }

    @Override
    public boolean offer(DirectBuffer buffer, int offset, int length) {
        outgoing.putBytes(0, buffer, offset, length);
        try {
            return tap.write(outgoing.addressOffset(), length);
        } catch (IOException e) {
            // A device that is down loses frames, as an unplugged cable does; the guest's own protocols repeat them.
            problem = e.getMessage();
            return true;
        }
    }

    /** What went wrong last; empty if nothing did. */
    public String problem() {
        return problem;
    }

    @Override
    public void close() {
        closed = true;
        try {
            reader.join(10L * WAIT_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        tap.close();
    }
}
