package io.lockstep.transport.tcp;

import io.lockstep.mirror.record.FrameDescriptor;
import io.lockstep.mirror.record.FrameKind;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import java.security.SecureRandom;
import java.util.function.Consumer;

/**
 * The connector's side of the handshake.
 *
 * <pre>
 *   WAITING --retry time--&gt; DIALING --both WELCOME--&gt; session --ended--&gt; WAITING
 *      ^-------------- any fault, refusal, deadline ----'
 * </pre>
 */
final class Dialer implements SessionSource {
    private final TcpConfig config;
    private final String vm;
    private final InetSocketAddress peer;
    private final Consumer<String> log;
    private final SecureRandom random = new SecureRandom();
    private Greeting bulk;
    private Greeting control;
    private long nonce;
    private long retryAtNs;
    private long waitNs;
    private String problem = "";

    Dialer(TcpConfig config, String vm, InetSocketAddress peer, long nowNs, Consumer<String> log) {
        if (peer.isUnresolved()) {
            throw new IllegalArgumentException("peer address " + peer + " is not resolved");
        }
        this.config = config;
        this.vm = vm;
        this.peer = peer;
        this.log = log;
        retryAtNs = nowNs;
        waitNs = config.timing().retryMinNs();
    }

    @Override
    public boolean hasReplacement() {
        return false;
    }

    @Override
    public Established next(long nowNs) {
        try {
            if (bulk == null) {
                if (nowNs - retryAtNs < 0) {
                    return null;
                }
                open(nowNs);
            }
            return greet(nowNs);
        } catch (IOException e) {
            failed(nowNs, LinkFault.text(e));
        } catch (UnsupportedAddressTypeException e) {
            failed(nowNs, "this host cannot reach addresses like " + peer);
        }
        return null;
    }

    private void open(long nowNs) throws IOException {
        long deadlineNs = nowNs + config.timing().handshakeNs();
        nonce = random.nextLong();
        // Both fields are set before anything can fail, so that a failure closes what was opened.
        control = new Greeting(SocketChannel.open(), deadlineNs);
        bulk = new Greeting(SocketChannel.open(), deadlineNs);
        Sockets.configure(control.channel(), config.limits().controlSocket());
        Sockets.configure(bulk.channel(), config.limits().bulkSocket());
        control.send(hello(FrameKind.CONTROL));
        bulk.send(hello(FrameKind.BULK));
        control.channel().connect(peer);
        bulk.channel().connect(peer);
    }

    private Hello hello(FrameKind channel) {
        int version = FrameDescriptor.VERSION;
        TcpConfig.Limits limits = config.limits();
        return new Hello(
                Hello.Type.HELLO,
                channel,
                version,
                version,
                nonce,
                0,
                limits.maxBulk(),
                limits.maxControl(),
                config.host(),
                vm,
                "");
    }

    private Established greet(long nowNs) throws IOException {
        Hello controlReply = checked(control.poll(nowNs));
        Hello bulkReply = checked(bulk.poll(nowNs));
        if (controlReply == null || bulkReply == null) {
            return null;
        }
        if (controlReply.session() != bulkReply.session()) {
            throw new LinkFault("the two connections were welcomed into different sessions");
        }
        Established session = new Established(bulk, control, bulkReply.session(), bulkReply.host());
        bulk = null;
        control = null;
        problem = "";
        return session;
    }

    private Hello checked(Hello reply) throws LinkFault {
        if (reply == null) {
            return null;
        }
        if (reply.type() == Hello.Type.REFUSED) {
            throw new LinkFault("refused by host " + reply.host() + ": " + reply.text());
        }
        if (reply.type() != Hello.Type.WELCOME
                || reply.nonce() != nonce
                || !reply.vm().equals(vm)) {
            throw new LinkFault("not welcomed but answered " + reply);
        }
        String mismatch = reply.mismatch(config);
        if (!mismatch.isEmpty()) {
            throw new LinkFault(mismatch);
        }
        return reply;
    }

    private void failed(long nowNs, String reason) {
        closeGreetings();
        if (!reason.equals(problem)) {
            problem = reason;
            log.accept("vm " + vm + ": no connection to " + peer + ": " + reason);
        }
        backOff(nowNs);
    }

    private void backOff(long nowNs) {
        retryAtNs = nowNs + waitNs;
        waitNs = Math.min(2 * waitNs, config.timing().retryMaxNs());
    }

    /** A session that held starts the back-off anew; one that broke at once does not, or two unfit hosts would redial in a loop. */
    @Override
    public void ended(long nowNs, long livedNs) {
        if (livedNs >= config.timing().retryMaxNs()) {
            waitNs = config.timing().retryMinNs();
        }
        backOff(nowNs);
    }

    @Override
    public void register(Selector selector, Object attachment) {
        if (bulk != null) {
            bulk.register(selector, attachment);
            control.register(selector, attachment);
        }
    }

    @Override
    public long nextTimerNs() {
        return bulk == null ? retryAtNs : bulk.deadlineNs();
    }

    @Override
    public String problem() {
        return problem;
    }

    @Override
    public void close() {
        closeGreetings();
    }

    private void closeGreetings() {
        if (control != null) {
            control.close();
            control = null;
        }
        if (bulk != null) {
            bulk.close();
            bulk = null;
        }
    }
}
