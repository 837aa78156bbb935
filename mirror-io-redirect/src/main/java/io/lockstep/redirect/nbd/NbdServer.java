package io.lockstep.redirect.nbd;

import io.lockstep.redirect.block.BlockDevice;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Exports disks over NBD (fixed newstyle, simple and structured replies) on a unix socket, TCP, or both. It drives the devices it exports:
 * its owner calls only {@link #doWork}.
 *
 * <pre>{@code
 *   try (Selector selector = Selector.open(); NbdServer server = new NbdServer(config, exports, log)) {
 *       server.register(selector);
 *       while (running) {
 *           if (server.doWork(System.nanoTime()) == 0) {
 *               server.await(server.maxIdleNs());   // or do other work, and wait with the selector in any way
 *           }
 *       }
 *   }
 * }</pre>
 *
 * Each turn takes all requests that came, lets the devices work, and sends all replies of a client in one gathering write.
 *
 * <p>Errors: what a client does wrong ends at most its own connection, with a line in the log. An exception out of {@link #doWork} is a
 * defect of the server or of a device.
 *
 * <p>Threading: one thread for all calls, the thread of the devices.
 */
public final class NbdServer implements AutoCloseable {
    private static final int ACCEPTS = 64;
    private static final long WATCH_NS = 100_000_000L;
    private static final long ACCEPT_RETRY_NS = 1_000_000_000L;
    private static final long NS_PER_MS = 1_000_000L;
    private static final long MOST_WAIT_MS = 1_000;
    private static final int PRINTABLE = 0x20;

    private final NbdServerConfig config;
    private final ExportTable exports;
    private final Consumer<String> log;
    private final Exchanges exchanges;
    private final List<Listener> listeners = new ArrayList<>();
    private final List<Connection> connections = new ArrayList<>();
    private final ArrayDeque<InBuffer> spare = new ArrayDeque<>();
    private final ArrayDeque<SelectionKey> ready = new ArrayDeque<>();
    private final Consumer<SelectionKey> mark = this::mark;
    private final Connection.Owner owner = new Clients();
    private Selector selector;
    private boolean ownSelector;
    private boolean acceptable = true;
    private boolean crowded;
    private boolean closed;
    private boolean polled;
    private long acceptAtNs = Long.MIN_VALUE;
    private long watchAtNs = Long.MIN_VALUE;
    private long accepted;

    /**
     * Starts to listen. Clients are served when {@link #doWork} is called.
     *
     * @param exports at least one; the first is also what a client gets that gives no name
     * @param log takes one line per event; must not block
     * @throws IOException if an address cannot be bound
     */
    public NbdServer(NbdServerConfig config, List<NbdExport> exports, Consumer<String> log) throws IOException {
        this.config = config;
        this.exports = new ExportTable(exports, config);
        this.log = log;
        exchanges = new Exchanges(config);
        try {
            if (config.unixSocket().isPresent()) {
                listeners.add(Listener.unix(config.unixSocket().get()));
            }
            if (config.tcp().isPresent()) {
                listeners.add(Listener.tcp(config.tcp().get()));
            }
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /** Registers what the thread should wait for with a selector of its own choice, from now on. Keys have private attachments. */
    public void register(Selector newSelector) {
        closeOwnSelector();
        selector = newSelector;
        for (BlockDevice device : exports.devices()) {
            device.register(newSelector);
        }
        try {
            for (Listener listener : listeners) {
                listener.channel().register(newSelector, SelectionKey.OP_ACCEPT, listener);
            }
            for (Connection connection : connections) {
                watch(connection);
            }
        } catch (IOException e) {
            throw new IllegalStateException("a socket cannot be registered: " + e.getMessage(), e);
        }
    }

    private void watch(Connection connection) throws IOException {
        connection.key(connection.channel().register(selector, SelectionKey.OP_READ, connection));
    }

    /** Does what can be done now, devices included. Returns 0 if there was nothing to do. */
    public int doWork(long nowNs) {
        if (closed) {
            return 0;
        }
        int work = poll(nowNs);
        work += accept(nowNs);
        for (SelectionKey key = ready.pollFirst(); key != null; key = ready.pollFirst()) {
            if (key.isValid()) {
                ((Connection) key.attachment()).onReady(key.readyOps(), nowNs);
            }
        }
        List<BlockDevice> devices = exports.devices();
        for (int i = 0; i < devices.size(); i++) {
            work += devices.get(i).doWork(nowNs);
        }
        work += decideGenerations(nowNs);
        work += exchanges.flush(nowNs);
        work += exchanges.feed();
        if (nowNs - watchAtNs >= 0 || watchAtNs == Long.MIN_VALUE) {
            watchAtNs = nowNs + WATCH_NS;
            dismissIdlers(nowNs);
        }
        return work;
    }

    /**
     * Waits until a channel of the selector is ready, somebody wakes it up, or the time is over; at least a millisecond, unless
     * {@code mostNs} is 0. The next {@link #doWork} needs not look again.
     */
    public void await(long mostNs) throws IOException {
        if (closed || mostNs <= 0) {
            return;
        }
        if (selector == null) {
            openOwnSelector();
        }
        selector.select(mark, Math.min(MOST_WAIT_MS, 1 + mostNs / NS_PER_MS));
        polled = true;
    }

    private void openOwnSelector() throws IOException {
        register(Selector.open());
        ownSelector = true;
    }

    private int poll(long nowNs) {
        try {
            if (selector == null) {
                openOwnSelector();
            }
            if (!acceptable && acceptAtNs != Long.MIN_VALUE && nowNs - acceptAtNs >= 0) {
                acceptable = true;
            }
            if (!polled) {
                selector.selectNow(mark);
            }
            polled = false;
            return ready.size();
        } catch (IOException e) {
            throw new IllegalStateException("the selector failed: " + e.getMessage(), e);
        }
    }

    private void mark(SelectionKey key) {
        Object attachment = key.attachment();
        if (attachment instanceof Connection) {
            ready.addLast(key);
        } else if (attachment instanceof Listener) {
            acceptable = true;
        }
    }

    private int accept(long nowNs) {
        if (!acceptable || (acceptAtNs != Long.MIN_VALUE && nowNs - acceptAtNs < 0)) {
            return 0;
        }
        acceptable = false;
        acceptAtNs = Long.MIN_VALUE;
        int count = 0;
        for (int i = 0; i < listeners.size(); i++) {
            Listener listener = listeners.get(i);
            try {
                SocketChannel channel = listener.accept();
                while (channel != null) {
                    welcome(listener, channel, nowNs);
                    count++;
                    channel = count < ACCEPTS ? listener.accept() : null;
                }
            } catch (IOException e) {
                acceptAtNs = nowNs + ACCEPT_RETRY_NS;
                log.accept("nbd: cannot accept a client: " + e.getMessage());
            }
        }
        return count;
    }

    private void welcome(Listener listener, SocketChannel channel, long nowNs) throws IOException {
        accepted++;
        if (connections.size() >= config.maxConnections()) {
            channel.close();
            if (!crowded) {
                log.accept("nbd: " + connections.size() + " clients are connected: more are turned away");
            }
            crowded = true;
            return;
        }
        crowded = false;
        InBuffer in = spare.isEmpty() ? new InBuffer() : spare.pollFirst();
        String name = listener.kind() + "#" + accepted;
        Connection connection = new Connection(name, channel, owner, exchanges, in, nowNs);
        connection.place = connections.size();
        connections.add(connection);
        connection.greet(exports);
        watch(connection);
    }

    private int decideGenerations(long nowNs) {
        int work = 0;
        List<Export> all = exports.all();
        for (int i = 0; i < all.size(); i++) {
            GenerationGate gate = all.get(i).gate();
            if (gate != null) {
                work += gate.doWork();
                if (gate.takeSettled()) {
                    settle(all.get(i), gate, nowNs);
                    work++;
                }
            }
        }
        return work;
    }

    /** A generation took over: the older ones get the replies they still have to come, and go. Or it did not: they go on. */
    private void settle(Export export, GenerationGate gate, long nowNs) {
        for (Connection connection : List.copyOf(connections)) {
            boolean uses = connection.export() == export && connection.phase() != Connection.Phase.ADMISSION;
            if (uses && gate.superseded(connection.generation())) {
                connection.flush(nowNs);
                connection.close("generation " + connection.generation() + " of export '" + export.name()
                        + "' was superseded by " + gate.bar());
            } else if (uses) {
                connection.resume();
            }
        }
    }

    /** Those who take too long to open an export, and those who hold memory that others wait for. */
    private void dismissIdlers(long nowNs) {
        boolean scarce = false;
        for (int i = 0; i < connections.size() && !scarce; i++) {
            scarce = connections.get(i).waitsForOthers();
        }
        for (int i = connections.size() - 1; i >= 0; i--) {
            Connection connection = connections.get(i);
            long idleNs = nowNs - connection.progressNs();
            if (connection.phase() == Connection.Phase.HANDSHAKE && idleNs > config.handshakeNs()) {
                connection.close("no export was opened in " + config.handshakeNs() / 1_000_000 + " ms");
            } else if (scarce && connection.owes() && idleNs > config.stallNs()) {
                connection.close("the client neither sent nor read for " + idleNs / 1_000_000
                        + " ms while others wait for its memory");
            }
        }
    }

    /** The longest the thread may wait before the next {@link #doWork}, in nanoseconds. */
    public long maxIdleNs() {
        long idle = connections.isEmpty() && acceptAtNs == Long.MIN_VALUE ? Long.MAX_VALUE : WATCH_NS;
        List<BlockDevice> devices = exports.devices();
        for (int i = 0; i < devices.size(); i++) {
            idle = Math.min(idle, devices.get(i).maxIdleNs());
        }
        return idle;
    }

    /** The TCP address that was bound, of interest after port 0. */
    public InetSocketAddress tcpAddress() throws IOException {
        for (Listener listener : listeners) {
            SocketAddress address = listener.address();
            if (address instanceof InetSocketAddress internet) {
                return internet;
            }
        }
        throw new IllegalStateException("this server does not listen on TCP");
    }

    /** Clients that are connected. */
    public int connections() {
        return connections.size();
    }

    /** Requests that were taken and not answered, of clients that have left included: the devices may still work on them. */
    public int outstanding() {
        return exchanges.inUse();
    }

    /**
     * Ends all connections without a word, so that clients come back to whoever serves the disk next, and stops to listen. What the
     * devices still have completes as long as their owner drives them. Idempotent.
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        for (Connection connection : List.copyOf(connections)) {
            connection.close("");
        }
        for (Listener listener : listeners) {
            try {
                listener.close();
            } catch (IOException e) {
                log.accept("nbd: " + e.getMessage());
            }
        }
        try {
            if (selector != null && selector.isOpen()) {
                // Descriptors of closed channels are given back in a selection.
                selector.selectNow(key -> {});
            }
        } catch (IOException e) {
            log.accept("nbd: " + e.getMessage());
        }
        closeOwnSelector();
    }

    private void closeOwnSelector() {
        if (ownSelector) {
            ownSelector = false;
            try {
                selector.close();
            } catch (IOException e) {
                log.accept("nbd: " + e.getMessage());
            }
        }
    }

    private final class Clients implements Connection.Owner {
        @Override
        public void opened(Connection connection) {
            String generation = connection.generation() == 0 ? "" : ", generation " + connection.generation();
            log.accept("nbd: client " + connection.name() + " uses export '"
                    + connection.export().name() + "'" + generation);
        }

        @Override
        public void closed(Connection connection, String reason) {
            Connection last = connections.remove(connections.size() - 1);
            if (last != connection) {
                connections.set(connection.place, last);
                last.place = connection.place;
            }
            connection.in().clear();
            spare.addLast(connection.in());
            if (!reason.isEmpty()) {
                log.accept("nbd: client " + connection.name() + " is disconnected: " + printable(reason));
            }
            try {
                connection.channel().close();
            } catch (IOException e) {
                log.accept("nbd: client " + connection.name() + ": " + e.getMessage());
            }
        }

        /** A reason may quote what a client sent. */
        private String printable(String text) {
            StringBuilder line = new StringBuilder(text);
            for (int i = 0; i < line.length(); i++) {
                if (line.charAt(i) < PRINTABLE) {
                    line.setCharAt(i, '?');
                }
            }
            return line.toString();
        }
    }
}
