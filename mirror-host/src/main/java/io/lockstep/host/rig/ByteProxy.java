package io.lockstep.host.rig;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Stands between two hosts and knows nothing but bytes: it can slow them, hold them, change them, break them off and write them down.
 *
 * <pre>
 *   dialer --- connection --- pump(FORWARD)  ---> listener
 *          <------------------ pump(BACKWARD) ---
 * </pre>
 *
 * <p>Threading: two daemon threads for each connection; every method may be called from any thread.
 */
public final class ByteProxy implements AutoCloseable {
    /** Which way the bytes go. */
    public enum Way {
        /** From who dialed to who listens. */
        FORWARD,
        /** Back. */
        BACKWARD
    }

    /** Changes one piece of the stream in place. */
    @FunctionalInterface
    public interface Tamper {
        /** Changes {@code piece} and returns true, or returns false to break the connection off after what is left in it. */
        boolean apply(ByteBuffer piece);
    }

    private static final int PIECE = 32 << 10;
    private static final int RECORD_LIMIT = 256 << 10;

    private final ServerSocketChannel server;
    private final InetSocketAddress target;
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private final AtomicReference<Tamper> forward = new AtomicReference<>();
    private final AtomicReference<Tamper> backward = new AtomicReference<>();
    private final List<ByteArrayOutputStream> recordings = new ArrayList<>();
    private final Object gate = new Object();
    private boolean held;
    private volatile boolean refusing;
    private volatile long bytesPerSecond;
    private volatile boolean closed;

    private ByteProxy(ServerSocketChannel server, InetSocketAddress target) {
        this.server = server;
        this.target = target;
    }

    /** Listens on a free port of loopback and passes everything on to {@code target}. */
    public static ByteProxy open(InetSocketAddress target) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open();
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        ByteProxy proxy = new ByteProxy(server, target);
        daemon("proxy-" + proxy.address().getPort(), proxy::accept);
        return proxy;
    }

    private static void daemon(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    /** Where it listens. */
    public InetSocketAddress address() throws IOException {
        return (InetSocketAddress) server.getLocalAddress();
    }

    /** Limits each connection and way; 0 ends the limit. */
    public void limit(long bytesASecond) {
        bytesPerSecond = bytesASecond;
    }

    /** Holds every byte back, without a word to either end; connections stay. */
    public void hold() {
        synchronized (gate) {
            held = true;
        }
    }

    /** Lets go what was held. */
    public void letGo() {
        synchronized (gate) {
            held = false;
            gate.notifyAll();
        }
    }

    /** Resets every connection. With {@code refuse}, new ones are reset, too, until {@link #acceptAgain}. */
    public void reset(boolean refuse) {
        refusing = refuse;
        connections.forEach(Connection::reset);
    }

    /** Ends the refusal of {@link #reset}. */
    public void acceptAgain() {
        refusing = false;
    }

    /** Lets {@code skip} pieces pass the given way, on whichever connection, and changes the one after. */
    public void tamper(Way way, int skip, Tamper change) {
        AtomicReference<Tamper> slot = way == Way.FORWARD ? forward : backward;
        slot.set(piece -> {
            if (skip == 0) {
                return change.apply(piece);
            }
            tamper(way, skip - 1, change);
            return true;
        });
    }

    /** True if the change of {@link #tamper} was not made yet. */
    public boolean isTamperDue(Way way) {
        return (way == Way.FORWARD ? forward : backward).get() != null;
    }

    /** The first bytes, up to 256 KiB, that each connection's dialer sent so far, oldest connection first. */
    public List<byte[]> recordings() {
        synchronized (recordings) {
            return recordings.stream().map(ByteArrayOutputStream::toByteArray).toList();
        }
    }

    /** Connections now. */
    public int connections() {
        return connections.size();
    }

    private void accept() {
        while (!closed) {
            SocketChannel client = null;
            try {
                client = server.accept();
                if (refusing) {
                    client.setOption(StandardSocketOptions.SO_LINGER, 0);
                    client.close();
                    continue;
                }
                SocketChannel far = SocketChannel.open();
                try {
                    far.socket()
                            .connect(
                                    target,
                                    Math.toIntExact(Duration.ofSeconds(2).toMillis()));
                } catch (IOException e) {
                    far.close();
                    throw e;
                }
                start(new Connection(client, far));
            } catch (IOException e) {
                closeQuietly(client);
            }
        }
    }

    private void start(Connection connection) throws IOException {
        connection.near.setOption(StandardSocketOptions.TCP_NODELAY, true);
        connection.far.setOption(StandardSocketOptions.TCP_NODELAY, true);
        connections.add(connection);
        ByteArrayOutputStream recording = new ByteArrayOutputStream();
        synchronized (recordings) {
            recordings.add(recording);
        }
        daemon("proxy-forward", () -> pump(connection, Way.FORWARD, recording));
        daemon("proxy-backward", () -> pump(connection, Way.BACKWARD, null));
    }

    private void pump(Connection connection, Way way, ByteArrayOutputStream recording) {
        SocketChannel from = way == Way.FORWARD ? connection.near : connection.far;
        SocketChannel to = way == Way.FORWARD ? connection.far : connection.near;
        AtomicReference<Tamper> tamper = way == Way.FORWARD ? forward : backward;
        ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
        try {
            while (true) {
                long limit = bytesPerSecond;
                piece.clear().limit(limit > 0 ? (int) Math.max(1, Math.min(PIECE, limit / 50)) : PIECE);
                long startNs = System.nanoTime();
                if (from.read(piece) < 0) {
                    break;
                }
                piece.flip();
                record(recording, piece);
                awaitGate();
                Tamper change = tamper.getAndSet(null);
                boolean goOn = change == null || change.apply(piece);
                int bytes = piece.remaining();
                while (piece.hasRemaining()) {
                    to.write(piece);
                }
                if (!goOn) {
                    break;
                }
                pace(limit, bytes, startNs);
            }
        } catch (IOException e) {
            // Either end has gone: so goes the other.
        } finally {
            connection.close();
            connections.remove(connection);
        }
    }

    private void record(ByteArrayOutputStream recording, ByteBuffer piece) {
        if (recording == null) {
            return;
        }
        synchronized (recordings) {
            int room = Math.min(piece.remaining(), RECORD_LIMIT - recording.size());
            for (int i = 0; i < room; i++) {
                recording.write(piece.get(piece.position() + i));
            }
        }
    }

    private void awaitGate() {
        synchronized (gate) {
            while (held && !closed) {
                try {
                    gate.wait(1000);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                }
            }
        }
    }

    private static void pace(long limit, int bytes, long startNs) {
        if (limit > 0) {
            long dueNs = (long) (bytes * 1e9 / limit);
            long leftMs = (dueNs - (System.nanoTime() - startNs)) / 1_000_000;
            if (leftMs > 0) {
                Waiting.pause(leftMs);
            }
        }
    }

    private static void closeQuietly(SocketChannel channel) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            return; // gone is gone
        }
    }

    @Override
    public void close() throws IOException {
        closed = true;
        letGo();
        server.close();
        connections.forEach(Connection::close);
    }

    /** Two sockets that belong together. */
    private static final class Connection {
        private final SocketChannel near;
        private final SocketChannel far;

        Connection(SocketChannel near, SocketChannel far) {
            this.near = near;
            this.far = far;
        }

        void reset() {
            try {
                near.setOption(StandardSocketOptions.SO_LINGER, 0);
                far.setOption(StandardSocketOptions.SO_LINGER, 0);
            } catch (IOException e) {
                // Closed already: then there is nothing to reset.
            }
            close();
        }

        void close() {
            closeQuietly(near);
            closeQuietly(far);
        }
    }
}
