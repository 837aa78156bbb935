package io.lockstep.hypervisor.qemu;

import io.lockstep.mirror.spi.FramePort;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ByteChannel;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The guest's network card, as QEMU's stream backend speaks it: each frame is a 4-byte big-endian length and the frame.
 *
 * <pre>
 *   ABSENT --> UP --> CLOSED   QEMU closed the socket
 *     |         \---> BROKEN   the stream made no sense or the socket failed; problem() says why
 *     \-------------> CLOSED
 * </pre>
 *
 * Memory is bounded: what does not fit stays in the socket (inbound) or is refused (outbound). Threading: one thread.
 */
public final class QemuNic implements FramePort {
    /** How the connection to the guest's card stands. */
    public enum State {
        /** QEMU has not connected. */
        ABSENT,
        /** Frames flow. */
        UP,
        /** QEMU or this side closed the connection. */
        CLOSED,
        /** Unusable; {@link #problem()} says why. */
        BROKEN;

        private boolean mayBecome(State next) {
            return switch (this) {
                case ABSENT -> next == UP || next == CLOSED;
                case UP -> next == CLOSED || next == BROKEN;
                case CLOSED, BROKEN -> false;
            };
        }
    }

    private static final int PREFIX = 4;
    private static final int CAPACITY = 4 * (PREFIX + MAX_FRAME);

    private final ByteBuffer in = ByteBuffer.allocateDirect(CAPACITY);
    private final UnsafeBuffer inView = new UnsafeBuffer(in);
    private final ByteBuffer out = ByteBuffer.allocateDirect(CAPACITY);
    private final UnsafeBuffer outView = new UnsafeBuffer(out);
    private ByteChannel channel;
    private State state = State.ABSENT;
    private String problem = "";
    private int taken;

    /** Takes the connection over. */
    void attach(ByteChannel connected) {
        become(State.UP);
        channel = connected;
    }

    /** {@inheritDoc} When this returns less than {@code limit}, the socket has nothing more. */
    @Override
    public int poll(Handler handler, int limit) {
        flush();
        int frames = 0;
        while (frames < limit) {
            if (deliver(handler)) {
                frames++;
            } else if (!fill()) {
                break;
            }
        }
        return frames;
    }

    private boolean deliver(Handler handler) {
        int available = in.position() - taken;
        if (available < PREFIX || state != State.UP) {
            return false;
        }
        int length = inView.getInt(taken, ByteOrder.BIG_ENDIAN);
        if (length <= 0 || length > MAX_FRAME) {
            fail("frame of " + Integer.toUnsignedString(length) + " bytes from QEMU, the limit is " + MAX_FRAME);
            return false;
        }
        if (available < PREFIX + length) {
            return false;
        }
        int offset = taken + PREFIX;
        taken = offset + length;
        handler.onFrame(inView, offset, length);
        return true;
    }

    private boolean fill() {
        if (state != State.UP) {
            return false;
        }
        if (taken > 0) {
            in.flip().position(taken);
            in.compact();
            taken = 0;
        }
        try {
            int count = channel.read(in);
            if (count < 0) {
                close();
            }
            return count > 0;
        } catch (IOException e) {
            fail(e.getMessage());
            return false;
        }
    }

    @Override
    public boolean offer(DirectBuffer buffer, int offset, int length) {
        if (length <= 0 || length > MAX_FRAME) {
            throw new IllegalArgumentException("frame of " + length + " bytes, allowed are 1 to " + MAX_FRAME);
        }
        if (state == State.UP && out.remaining() < PREFIX + length) {
            flush();
        }
        if (state != State.UP || out.remaining() < PREFIX + length) {
            return false;
        }
        int at = out.position();
        outView.putInt(at, length, ByteOrder.BIG_ENDIAN);
        outView.putBytes(at + PREFIX, buffer, offset, length);
        out.position(at + PREFIX + length);
        flush();
        return true;
    }

    private void flush() {
        if (state != State.UP || out.position() == 0) {
            return;
        }
        out.flip();
        try {
            channel.write(out);
        } catch (IOException e) {
            fail(e.getMessage());
        }
        out.compact();
    }

    /** True while accepted frames wait for the socket to take them: watch it for writing. */
    boolean hasUnsent() {
        return state == State.UP && out.position() > 0;
    }

    /** How the connection stands. */
    public State state() {
        return state;
    }

    /** Why the state is {@link State#BROKEN}; empty otherwise. */
    public String problem() {
        return problem;
    }

    private void fail(String reason) {
        problem = "network card: " + reason;
        become(State.BROKEN);
        Quiet.close(channel);
    }

    void close() {
        if (state == State.ABSENT || state == State.UP) {
            become(State.CLOSED);
            Quiet.close(channel);
        }
    }

    private void become(State next) {
        if (!state.mayBecome(next)) {
            throw new IllegalStateException("network card cannot go from " + state + " to " + next);
        }
        state = next;
    }
}
