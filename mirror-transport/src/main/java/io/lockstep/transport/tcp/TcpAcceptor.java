package io.lockstep.transport.tcp;

import io.lockstep.mirror.record.FrameKind;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The listening side: one socket for all VMs that other hosts mirror to this one. Pairs the two connections of a session and gives them
 * to the VM's interconnect; refuses, with a reason that both sides log, whatever does not fit: a foreign version, an unknown VM, another
 * host, garbage, a handshake that is too slow, too many at once.
 *
 * <p>Threading: {@link #poll}, {@link #register} and {@link #close} by one thread; {@link #interconnect} by any; the interconnects may be
 * polled by other threads. No method blocks.
 */
public final class TcpAcceptor implements AutoCloseable {
    private static final int ACCEPTS_PER_POLL = 16;

    private final TcpConfig config;
    private final LongSupplier clock;
    private final Consumer<String> log;
    private final ServerSocketChannel listener;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, Mailbox> mailboxes = new ConcurrentHashMap<>();
    private final List<Greeting> greeting = new ArrayList<>();
    private final List<Greeting> refused = new ArrayList<>();
    private Selector selector;
    private String acceptProblem = "";

    /**
     * Binds the socket.
     *
     * @param clock monotonic time in nanoseconds
     * @param log takes one line per refusal
     * @throws IOException if the address cannot be bound
     */
    public TcpAcceptor(TcpConfig config, InetSocketAddress address, LongSupplier clock, Consumer<String> log)
            throws IOException {
        this.config = config;
        this.clock = clock;
        this.log = log;
        listener = ServerSocketChannel.open();
        try {
            listener.configureBlocking(false);
            listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            if (config.limits().bulkSocket() > 0) {
                // A window above 64 KiB can be agreed on only while connecting.
                listener.setOption(
                        StandardSocketOptions.SO_RCVBUF, config.limits().bulkSocket());
            }
            listener.bind(address, config.timing().maxHalfOpen());
        } catch (IOException | RuntimeException e) {
            Sockets.close(listener);
            throw e;
        }
    }

    /** The address in use, of interest after binding port 0. */
    public InetSocketAddress address() throws IOException {
        return (InetSocketAddress) listener.getLocalAddress();
    }

    /**
     * Makes the interconnect of a VM; from now on the VM is known. Closing the interconnect makes it unknown again.
     *
     * @param peerHost the only host that may connect; empty for any
     * @throws IllegalStateException if the VM is known already
     */
    public TcpInterconnect interconnect(String vm, String peerHost) {
        Hello.requireName("vm", vm);
        Mailbox mailbox = new Mailbox(peerHost, () -> mailboxes.remove(vm));
        if (mailboxes.putIfAbsent(vm, mailbox) != null) {
            throw new IllegalStateException("vm " + vm + " is known already");
        }
        return new TcpInterconnect(config, vm, mailbox, clock, log);
    }

    /** Accepts and greets; call it when the selector says so, and at least as often as {@link #nextTimerNs} wants. */
    public void poll() {
        long nowNs = clock.getAsLong();
        accept(nowNs);
        for (int i = greeting.size() - 1; i >= 0; i--) {
            // Pairing removes two at once.
            if (i < greeting.size()) {
                greet(greeting.get(i), nowNs);
            }
        }
        for (int i = refused.size() - 1; i >= 0; i--) {
            if (refused.get(i).drained(nowNs)) {
                refused.remove(i).close();
            }
        }
    }

    private void accept(long nowNs) {
        try {
            for (int i = 0; i < ACCEPTS_PER_POLL; i++) {
                SocketChannel channel = listener.accept();
                if (channel == null) {
                    return;
                }
                Greeting fresh = new Greeting(channel, nowNs + config.timing().handshakeNs());
                Sockets.configure(channel, 0);
                if (greeting.size() + refused.size() >= config.timing().maxHalfOpen()) {
                    refuse(fresh, config.timing().maxHalfOpen() + " connections are in handshake already");
                    refused.remove(fresh);
                    fresh.close();
                } else {
                    greeting.add(fresh);
                    fresh.register(selector, this);
                }
                acceptProblem = "";
            }
        } catch (IOException e) {
            if (!acceptProblem.equals(LinkFault.text(e))) {
                acceptProblem = LinkFault.text(e);
                log.accept("cannot accept connections: " + acceptProblem);
            }
        }
    }

    private void greet(Greeting fresh, long nowNs) {
        try {
            Hello hello = fresh.poll(nowNs);
            if (hello != null) {
                String why = whyNot(hello);
                if (!why.isEmpty()) {
                    refuse(fresh, why);
                } else if (!pair(fresh) && nowNs - fresh.deadlineNs() >= 0) {
                    refuse(fresh, "the session's other connection did not come in time");
                }
            }
        } catch (IOException e) {
            refuse(fresh, LinkFault.text(e));
        }
    }

    private String whyNot(Hello hello) {
        String mismatch = hello.mismatch(config);
        if (!mismatch.isEmpty()) {
            return mismatch;
        }
        if (hello.type() != Hello.Type.HELLO || hello.channel() == FrameKind.HELLO) {
            return "greeted with " + hello.type() + " for channel " + hello.channel();
        }
        Mailbox mailbox = mailboxes.get(hello.vm());
        if (mailbox == null) {
            return "vm " + hello.vm() + " is not known on host " + config.host();
        }
        if (!mailbox.peerHost().isEmpty() && !mailbox.peerHost().equals(hello.host())) {
            return "vm " + hello.vm() + " is mirrored by host " + mailbox.peerHost() + ", not by " + hello.host();
        }
        return "";
    }

    /** Looks for the other connection of the session; true once both are handed over. */
    private boolean pair(Greeting fresh) {
        Hello hello = fresh.received();
        for (Greeting other : greeting) {
            Hello theirs = other.received();
            if (other != fresh && theirs != null && sameSession(hello, theirs)) {
                if (theirs.channel() == hello.channel()) {
                    refuse(fresh, "a second " + hello.channel() + " connection of one session");
                    return true;
                }
                handOver(fresh, other);
                return true;
            }
        }
        return false;
    }

    private static boolean sameSession(Hello a, Hello b) {
        return a.nonce() == b.nonce() && a.vm().equals(b.vm()) && a.host().equals(b.host());
    }

    private void handOver(Greeting one, Greeting other) {
        greeting.remove(one);
        greeting.remove(other);
        Hello hello = one.received();
        long answer = random.nextLong();
        Hello welcome = hello.welcome(config.host(), answer);
        one.send(welcome);
        other.send(other.received().welcome(config.host(), answer));
        boolean oneIsBulk = hello.channel() == FrameKind.BULK;
        Greeting bulk = oneIsBulk ? one : other;
        Greeting control = oneIsBulk ? other : one;
        // From here on the interconnect's selector watches them.
        Sockets.register(bulk.channel(), selector, 0, null);
        Sockets.register(control.channel(), selector, 0, null);
        Established session = new Established(bulk, control, welcome.session(), hello.host());
        Mailbox mailbox = mailboxes.get(hello.vm());
        if (mailbox == null) {
            session.close();
        } else {
            mailbox.offer(session);
        }
    }

    private void refuse(Greeting fresh, String why) {
        greeting.remove(fresh);
        log.accept("refused a connection from " + remote(fresh) + ": " + why);
        fresh.send(Hello.refused(
                config.host(), fresh.received() == null ? 0 : fresh.received().nonce(), why));
        try {
            fresh.flush();
            fresh.channel().shutdownOutput();
            refused.add(fresh);
        } catch (IOException e) {
            fresh.close();
        }
    }

    private static String remote(Greeting fresh) {
        try {
            return String.valueOf(fresh.channel().getRemoteAddress());
        } catch (IOException e) {
            return "a closed connection";
        }
    }

    /** Connections in handshake or being refused. */
    public int halfOpen() {
        return greeting.size() + refused.size();
    }

    /** When {@link #poll} must be called even if no socket is ready, in the clock's time; {@link Long#MAX_VALUE} if only then. */
    public long nextTimerNs() {
        long timerNs = Long.MAX_VALUE;
        for (Greeting each : greeting) {
            timerNs = Math.min(timerNs, each.deadlineNs());
        }
        for (Greeting each : refused) {
            timerNs = Math.min(timerNs, each.deadlineNs());
        }
        return timerNs;
    }

    /** Keeps the listening socket and everything in handshake registered; the keys' attachment is this acceptor. */
    public void register(Selector newSelector) {
        selector = newSelector;
        Sockets.register(listener, selector, SelectionKey.OP_ACCEPT, this);
        for (Greeting each : greeting) {
            each.register(selector, this);
        }
    }

    /** Stops listening and ends what is in handshake; sessions that are up go on. */
    @Override
    public void close() {
        Sockets.close(listener);
        greeting.forEach(Greeting::close);
        greeting.clear();
        refused.forEach(Greeting::close);
        refused.clear();
    }
}
