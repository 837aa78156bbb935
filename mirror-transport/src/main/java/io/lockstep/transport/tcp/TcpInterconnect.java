package io.lockstep.transport.tcp;

import io.lockstep.mirror.record.FrameKind;
import io.lockstep.mirror.spi.Interconnect;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * One VM's connection to the peer host, over a bulk and a control TCP connection. The side that connects comes up again by itself after
 * a loss; the other side, made by {@link TcpAcceptor#interconnect}, when it is connected to.
 *
 * <p>Memory is taken once, see {@link TcpConfig.Limits}; there is no allocation per frame. In {@link #poll} control goes before bulk.
 * Outside {@link #poll}, {@link #sendControl} writes at once, and bulk frames wait for the next {@link #poll} so that one write takes many.
 *
 * <p>Blocking: an event loop may block in the registered selector after a {@link #poll} that delivered nothing, until
 * {@link #nextTimerNs}. After one that delivered as many frames as its limit there may be more in memory, which no selector sees.
 *
 * <p>Threading: one thread. No method blocks.
 */
public final class TcpInterconnect implements Interconnect, AutoCloseable {
    private final TcpConfig config;
    private final String vm;
    private final SessionSource source;
    private final LongSupplier clock;
    private final Consumer<String> log;
    private final BulkOut bulkOut;
    private final ControlOut controlOut;
    private final FrameIn bulkIn;
    private final FrameIn controlIn;
    private SocketChannel bulk;
    private SocketChannel control;
    private SelectionKey bulkKey;
    private SelectionKey controlKey;
    private Selector selector;
    private boolean up;
    private boolean polling;
    private boolean closed;
    private long incarnation;
    private long upSinceNs;
    private int delivered;
    private String downReason = "";

    TcpInterconnect(TcpConfig config, String vm, SessionSource source, LongSupplier clock, Consumer<String> log) {
        this.config = config;
        this.vm = vm;
        this.source = source;
        this.clock = clock;
        this.log = log;
        TcpConfig.Limits limits = config.limits();
        bulkOut = new BulkOut(limits.maxBulk(), limits.bulkFrames());
        controlOut = new ControlOut(limits.maxControl(), limits.controlQueue());
        bulkIn = new FrameIn(FrameKind.BULK, limits.maxBulk());
        controlIn = new FrameIn(FrameKind.CONTROL, limits.maxControl());
    }

    /**
     * The primary's side; the first attempt to connect is made by the first {@link #poll}.
     *
     * @param peer resolved address of the peer's {@link TcpAcceptor}
     * @param clock monotonic time in nanoseconds
     * @param log takes one line per event
     */
    public static TcpInterconnect connector(
            TcpConfig config, String vm, InetSocketAddress peer, LongSupplier clock, Consumer<String> log) {
        Hello.requireName("vm", vm);
        return new TcpInterconnect(config, vm, new Dialer(config, vm, peer, clock.getAsLong(), log), clock, log);
    }

    @Override
    public boolean isUp() {
        return up;
    }

    @Override
    public long incarnation() {
        return incarnation;
    }

    @Override
    public String downReason() {
        return downReason;
    }

    /** Why the last attempt to connect failed or was refused; empty if none did since the link was last up. */
    public String attemptProblem() {
        return source.problem();
    }

    @Override
    public int maxBulkLength() {
        return config.limits().maxBulk();
    }

    /** {@inheritDoc} One claim at a time: {@link IllegalStateException} otherwise. A claim that outlives its session is void. */
    @Override
    public MutableDirectBuffer claimBulk() {
        return bulkOut.claim();
    }

    @Override
    public void commitBulk(int length) {
        bulkOut.commit(length);
        if (bulkKey != null && bulkOut.pending()) {
            Sockets.interest(bulkKey, SelectionKey.OP_READ | SelectionKey.OP_WRITE);
        }
    }

    @Override
    public boolean sendControl(DirectBuffer buffer, int offset, int length) {
        if (!controlOut.offer(buffer, offset, length)) {
            return false;
        }
        if (!polling) {
            try {
                controlOut.flush();
                updateInterest();
            } catch (IOException e) {
                down("control connection: " + LinkFault.text(e));
                return false;
            }
        }
        return true;
    }

    @Override
    public int poll(Listener listener, int limit) {
        delivered = 0;
        if (closed) {
            return 0;
        }
        if (!up || source.hasReplacement()) {
            establish();
        }
        if (up) {
            polling = true;
            try {
                exchange(listener, limit);
            } finally {
                polling = false;
            }
        }
        return delivered;
    }

    /** A newer session waits to be picked up. */
    boolean hasReplacement() {
        return source.hasReplacement();
    }

    private void establish() {
        long nowNs = clock.getAsLong();
        Established session = source.next(nowNs);
        if (session == null) {
            source.register(selector, this);
            return;
        }
        down("replaced by a new session of host " + session.peerHost());
        bulk = session.bulk().channel();
        control = session.control().channel();
        bulkOut.start(bulk, session.session());
        controlOut.start(control, session.session());
        bulkIn.start(bulk, session.session(), session.bulk().leftover());
        controlIn.start(control, session.session(), session.control().leftover());
        up = true;
        incarnation++;
        upSinceNs = nowNs;
        downReason = "";
        log.accept("vm " + vm + ": connected to host " + session.peerHost() + ", incarnation " + incarnation);
        watch();
    }

    private void exchange(Listener listener, int limit) {
        boolean atBulk = false;
        try {
            controlOut.flush();
            receive(controlIn, listener, limit);
            atBulk = true;
            bulkOut.flush();
            receive(bulkIn, listener, limit);
            bulkOut.flush();
            atBulk = false;
            // What the listener answered.
            controlOut.flush();
            updateInterest();
        } catch (IOException e) {
            if (atBulk) {
                hearLastWords(listener, limit);
            }
            down((atBulk ? "bulk" : "control") + " connection: " + LinkFault.text(e));
        }
    }

    private void receive(FrameIn in, Listener listener, int limit) throws IOException {
        try {
            in.poll(listener, limit - delivered);
        } finally {
            delivered += in.delivered();
        }
    }

    /** A peer that ends a session says why on the control channel first; the end of the bulk channel may be seen before that. */
    private void hearLastWords(Listener listener, int limit) {
        try {
            receive(controlIn, listener, limit);
        } catch (IOException e) {
            // The link goes down for the bulk channel's reason already.
        }
    }

    @Override
    public void disconnect(String reason) {
        if (up) {
            try {
                controlOut.flush();
            } catch (IOException e) {
                // The reason given by the caller is the better one.
            }
            down(reason);
        }
    }

    /** Ends the session if there is one. Also called from inside a listener, so nobody may rely on {@link #up} after a callback. */
    private void down(String reason) {
        if (!up) {
            return;
        }
        up = false;
        downReason = reason.isEmpty() ? "no reason given" : reason;
        controlOut.stop();
        bulkOut.stop();
        controlIn.stop();
        bulkIn.stop();
        Sockets.close(control);
        Sockets.close(bulk);
        controlKey = null;
        bulkKey = null;
        long nowNs = clock.getAsLong();
        source.ended(nowNs, nowNs - upSinceNs);
        log.accept("vm " + vm + ": connection down: " + downReason);
    }

    /** Bytes wait for the kernel to take them. */
    public boolean hasPendingOutput() {
        return up && (controlOut.pending() || bulkOut.pending());
    }

    /** When {@link #poll} must be called even if no socket is ready, in the clock's time; {@link Long#MAX_VALUE} if only then. */
    public long nextTimerNs() {
        return up || closed ? Long.MAX_VALUE : source.nextTimerNs();
    }

    /** Keeps whatever sockets there are registered, now and after each reconnect; the keys' attachment is this interconnect. */
    public void register(Selector newSelector) {
        selector = newSelector;
        source.register(selector, this);
        if (up) {
            watch();
        }
    }

    private void watch() {
        source.register(selector, this);
        controlKey = Sockets.register(control, selector, SelectionKey.OP_READ, this);
        bulkKey = Sockets.register(bulk, selector, SelectionKey.OP_READ, this);
        updateInterest();
    }

    private void updateInterest() {
        if (controlKey != null) {
            Sockets.interest(controlKey, ops(controlOut.pending()));
            Sockets.interest(bulkKey, ops(bulkOut.pending()));
        }
    }

    private static int ops(boolean pending) {
        return pending ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ;
    }

    /** Ends the session and does not come up again. */
    @Override
    public void close() {
        disconnect("closed");
        closed = true;
        source.close();
    }
}
