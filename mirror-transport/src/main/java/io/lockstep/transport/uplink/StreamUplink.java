package io.lockstep.transport.uplink;

import io.lockstep.mirror.spi.FramePort;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.agrona.DirectBuffer;

/**
 * A frame port over a stream socket with QEMU's {@code -netdev stream} framing; connects or listens, and comes up again by itself.
 *
 * <p>While no peer is connected, frames are dropped and counted, as by a network card without a cable: whoever holds outputs back must
 * not wait for a cable. While the peer is connected but slow, {@link #offer} says no.
 *
 * <p>Threading: one thread. No method blocks.
 */
public final class StreamUplink implements FramePort, AutoCloseable {
    private final StreamUplinkConfig config;
    private final LongSupplier clock;
    private final Consumer<String> log;
    private final LengthFraming framing;
    private ServerSocketChannel listener;
    private SocketChannel channel;
    private Selector selector;
    private boolean connected;
    private boolean closed;
    private long retryAtNs;
    private long dropped;
    private String problem = "";

    /**
     * Makes the port; it connects or accepts when it is polled.
     *
     * @param clock monotonic time in nanoseconds
     * @param log takes one line per event
     * @throws IOException if the address to listen at cannot be bound
     */
    public StreamUplink(StreamUplinkConfig config, LongSupplier clock, Consumer<String> log) throws IOException {
        this.config = config;
        this.clock = clock;
        this.log = log;
        framing = new LengthFraming(MAX_FRAME, config.bufferBytes());
        retryAtNs = clock.getAsLong();
        if (config.listen()) {
            listen();
        }
    }

    private void listen() throws IOException {
        if (config.address() instanceof UnixDomainSocketAddress unix) {
            removeSocket(unix.getPath());
            listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        } else {
            listener = ServerSocketChannel.open();
            listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        }
        try {
            listener.configureBlocking(false);
            listener.bind(config.address());
        } catch (IOException | RuntimeException e) {
            quietly(listener);
            throw e;
        }
    }

    /** A socket that a process left behind; never an ordinary file. */
    private static void removeSocket(Path path) throws IOException {
        if (Files.exists(path) && !Files.isRegularFile(path) && !Files.isDirectory(path)) {
            Files.delete(path);
        }
    }

    /** The address that was bound, of interest after binding TCP port 0; the configured one when connecting. */
    public SocketAddress address() throws IOException {
        return listener == null ? config.address() : listener.getLocalAddress();
    }

    /** True while a peer is connected. */
    public boolean isConnected() {
        return connected;
    }

    /** Frames dropped because no peer was connected. */
    public long dropped() {
        return dropped;
    }

    /** Why no peer is connected; empty while one is, or while none has come yet. */
    public String problem() {
        return problem;
    }

    @Override
    public boolean offer(DirectBuffer buffer, int offset, int length) {
        if (length < 1 || length > MAX_FRAME) {
            throw new IllegalArgumentException("frame of " + length + " bytes, must be 1 to " + MAX_FRAME);
        }
        if (!connected) {
            dropped++;
            return true;
        }
        if (!framing.offer(buffer, offset, length)) {
            return false;
        }
        if (!flush()) {
            dropped++;
        }
        return true;
    }

    @Override
    public int poll(Handler handler, int limit) {
        if (closed) {
            return 0;
        }
        try {
            establish();
        } catch (IOException e) {
            lost(e);
        }
        if (!connected || !flush()) {
            return 0;
        }
        int delivered = 0;
        try {
            delivered = framing.deliver(handler, limit);
            while (connected && delivered < limit) {
                int count = framing.fill(channel);
                if (count < 0) {
                    throw new IOException("closed by the peer");
                }
                if (count == 0) {
                    break;
                }
                delivered += framing.deliver(handler, limit - delivered);
            }
        } catch (IOException e) {
            lost(e);
        }
        return delivered;
    }

    private void establish() throws IOException {
        if (listener != null) {
            SocketChannel fresh = listener.accept();
            if (fresh != null) {
                // A peer that comes again knows better than this side that the old connection is dead.
                drop();
                channel = fresh;
                channel.configureBlocking(false);
                up();
            }
        } else if (channel == null) {
            if (clock.getAsLong() - retryAtNs >= 0) {
                connect();
            }
        } else if (!connected && channel.finishConnect()) {
            up();
        }
    }

    private void connect() throws IOException {
        boolean unix = config.address() instanceof UnixDomainSocketAddress;
        channel = unix ? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open();
        channel.configureBlocking(false);
        if (channel.connect(config.address())) {
            up();
        } else {
            watch(channel, SelectionKey.OP_CONNECT);
        }
    }

    private void up() throws IOException {
        if (channel.getRemoteAddress() instanceof InetSocketAddress) {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        }
        framing.reset();
        connected = true;
        problem = "";
        log.accept("uplink " + config.address() + ": connected");
        watch(channel, SelectionKey.OP_READ);
    }

    /** False if the connection was lost. */
    private boolean flush() {
        try {
            framing.flush(channel);
            if (selector != null) {
                watch(channel, framing.pending() ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ);
            }
            return true;
        } catch (IOException e) {
            lost(e);
            return false;
        }
    }

    private void lost(IOException e) {
        String reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        if (connected || !reason.equals(problem)) {
            log.accept("uplink " + config.address() + ": " + reason);
        }
        drop();
        problem = reason;
        retryAtNs = clock.getAsLong() + config.retryNs();
    }

    private void drop() {
        connected = false;
        framing.reset();
        if (channel != null) {
            quietly(channel);
            channel = null;
        }
    }

    private static void quietly(Channel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // The descriptor is released all the same.
        }
    }

    /** When {@link #poll} must be called even if no socket is ready, in the clock's time; {@link Long#MAX_VALUE} if only then. */
    public long nextTimerNs() {
        return closed || channel != null || listener != null ? Long.MAX_VALUE : retryAtNs;
    }

    /** Keeps whatever sockets there are registered, now and after each reconnect; the keys' attachment is this port. */
    public void register(Selector newSelector) {
        selector = newSelector;
        if (listener != null) {
            watch(listener, SelectionKey.OP_ACCEPT);
        }
        if (channel != null) {
            watch(channel, connected ? SelectionKey.OP_READ : SelectionKey.OP_CONNECT);
        }
    }

    private void watch(SelectableChannel watched, int ops) {
        if (selector == null) {
            return;
        }
        SelectionKey key = watched.keyFor(selector);
        try {
            if (key == null) {
                watched.register(selector, ops, this);
            } else if (key.isValid() && key.interestOps() != ops) {
                key.interestOps(ops);
            }
        } catch (IOException e) {
            // Closed meanwhile; the next poll sees it.
        }
    }

    /** Ends the connection and stops listening; the unix socket's file is removed. */
    @Override
    public void close() {
        closed = true;
        drop();
        if (listener != null) {
            quietly(listener);
            if (config.address() instanceof UnixDomainSocketAddress unix) {
                try {
                    removeSocket(unix.getPath());
                } catch (IOException e) {
                    log.accept("uplink " + config.address() + ": socket file stays: " + e.getMessage());
                }
            }
        }
    }
}
