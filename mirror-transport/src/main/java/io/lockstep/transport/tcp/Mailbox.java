package io.lockstep.transport.tcp;

import java.io.IOException;
import java.nio.channels.Selector;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Hands sessions from the acceptor's thread to an interconnect's, which may be another one. Room for one: a newer session replaces
 * one that was not picked up.
 */
final class Mailbox implements SessionSource {
    private final String peerHost;
    private final Runnable onClose;
    private final AtomicReference<Established> waiting = new AtomicReference<>();
    private volatile Selector selector;
    private volatile boolean closed;
    private String problem = "";

    /** Takes sessions of one peer host only, or of any if the name is empty. */
    Mailbox(String peerHost, Runnable onClose) {
        this.peerHost = peerHost;
        this.onClose = onClose;
    }

    String peerHost() {
        return peerHost;
    }

    /** Called by the acceptor. */
    void offer(Established session) {
        Established old = waiting.getAndSet(session);
        if (old != null) {
            old.close();
        }
        if (closed) {
            close();
        }
        Selector sleeping = selector;
        if (sleeping != null) {
            sleeping.wakeup();
        }
    }

    @Override
    public boolean hasReplacement() {
        return waiting.get() != null;
    }

    /** Welcomes the peer only now, so that it is up only when somebody here takes its frames. */
    @Override
    public Established next(long nowNs) {
        Established session = waiting.getAndSet(null);
        if (session == null) {
            return null;
        }
        try {
            if (nowNs - session.control().deadlineNs() >= 0) {
                throw new LinkFault("handshake not finished in time on this host");
            }
            if (!session.control().flush() || !session.bulk().flush()) {
                throw new LinkFault("no room for a welcome on a new connection");
            }
            problem = "";
            return session;
        } catch (IOException e) {
            problem = LinkFault.text(e);
            session.close();
            return null;
        }
    }

    @Override
    public void ended(long nowNs, long livedNs) {
        // The connector decides when to come again.
    }

    @Override
    public void register(Selector newSelector, Object attachment) {
        selector = newSelector;
    }

    @Override
    public long nextTimerNs() {
        return Long.MAX_VALUE;
    }

    @Override
    public String problem() {
        return problem;
    }

    @Override
    public void close() {
        closed = true;
        Established session = waiting.getAndSet(null);
        if (session != null) {
            session.close();
        }
        onClose.run();
    }
}
