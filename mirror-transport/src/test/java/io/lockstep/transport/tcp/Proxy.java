package io.lockstep.transport.tcp;

import io.lockstep.mirror.record.FrameDescriptor;
import io.lockstep.mirror.record.FrameKind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/** The man in the middle: passes bytes on between raw sockets, and damages them on request. */
final class Proxy implements AutoCloseable {
    private final ServerSocketChannel listener;
    private final InetSocketAddress target;
    private final List<Leg> legs = new ArrayList<>();

    /** One proxied connection. */
    static final class Leg {
        private final SocketChannel near;
        private final SocketChannel far;
        private final ByteBuffer down = ByteBuffer.allocate(8_192);
        private final ByteBuffer up = ByteBuffer.allocate(8_192);
        private final ByteArrayOutputStream seen = new ByteArrayOutputStream();
        private boolean paused;
        private int flipBit = -1;
        private int cutAfter = -1;

        Leg(SocketChannel near, SocketChannel far) {
            this.near = near;
            this.far = far;
        }

        FrameKind kind() {
            byte[] bytes = seen.toByteArray();
            byte code = bytes.length > 41 ? bytes[FrameDescriptor.HEADER_LENGTH + 1] : 0;
            return code == 1 ? FrameKind.BULK : code == 2 ? FrameKind.CONTROL : FrameKind.HELLO;
        }

        /** Stops passing on what the primary sends. */
        void pause(boolean on) {
            paused = on;
        }

        /** Turns over one bit of the next bytes that the primary sends. */
        void flipNext(int bit) {
            flipBit = bit;
        }

        /** Passes on so many of the primary's next bytes and then closes. */
        void cutAfter(int bytes) {
            cutAfter = bytes;
        }

        /** What the primary sent so far, handshake included. */
        byte[] seen() {
            return seen.toByteArray();
        }

        void inject(byte[] bytes) throws IOException {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                far.write(buffer);
            }
        }

        private void work() throws IOException {
            if ((!paused && !readUp()) || far.read(down) < 0) {
                close();
                return;
            }
            write(near, down);
            if (!paused) {
                write(far, up);
            }
        }

        private boolean readUp() throws IOException {
            int start = up.position();
            int count = near.read(up);
            for (int i = 0; i < count; i++) {
                seen.write(up.get(start + i));
            }
            if (flipBit >= 0 && flipBit / 8 < count) {
                int at = start + flipBit / 8;
                up.put(at, (byte) (up.get(at) ^ 1 << flipBit % 8));
                flipBit = -1;
            }
            if (cutAfter >= 0 && count > 0) {
                up.position(start + Math.min(count, cutAfter));
                write(far, up);
                return false;
            }
            return count >= 0;
        }

        private static void write(SocketChannel to, ByteBuffer buffer) throws IOException {
            buffer.flip();
            to.write(buffer);
            buffer.compact();
        }

        void close() throws IOException {
            near.close();
            far.close();
        }
    }

    Proxy(InetSocketAddress target) throws IOException {
        this.target = target;
        listener = ServerSocketChannel.open().bind(TcpPair.anyPort());
        listener.configureBlocking(false);
    }

    InetSocketAddress address() throws IOException {
        return (InetSocketAddress) listener.getLocalAddress();
    }

    /** The open connection of a kind. */
    Leg leg(FrameKind kind) {
        for (Leg leg : legs) {
            if (leg.kind() == kind && leg.near.isOpen()) {
                return leg;
            }
        }
        throw new AssertionError("no open " + kind + " connection among " + legs.size());
    }

    void work() {
        try {
            for (SocketChannel near = listener.accept(); near != null; near = listener.accept()) {
                near.configureBlocking(false);
                SocketChannel far = SocketChannel.open(target);
                far.configureBlocking(false);
                legs.add(new Leg(near, far));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        for (Leg leg : legs) {
            if (leg.near.isOpen()) {
                try {
                    leg.work();
                } catch (IOException e) {
                    try {
                        leg.close();
                    } catch (IOException inner) {
                        throw new UncheckedIOException(inner);
                    }
                }
            }
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
            for (Leg leg : legs) {
                leg.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
