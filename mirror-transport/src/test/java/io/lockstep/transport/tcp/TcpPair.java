package io.lockstep.transport.tcp;

import io.lockstep.mirror.spi.Interconnect;
import io.lockstep.transport.Await;
import io.lockstep.transport.Collector;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Two interconnects over loopback, driven by one thread, with or without a proxy between them. */
final class TcpPair implements AutoCloseable {
    static final TcpConfig.Timing QUICK = new TcpConfig.Timing(2_000_000_000L, 1_000_000L, 4_000_000L, 8);
    static final TcpConfig.Limits SMALL = new TcpConfig.Limits(4_000, 4, 500, 2_000, 16_384, 8_192);

    final List<String> log = new ArrayList<>();
    final Collector atPrimary = new Collector();
    final Collector atSecondary = new Collector();
    final TcpAcceptor acceptor;
    final Proxy proxy;
    final TcpInterconnect primary;
    final TcpInterconnect secondary;

    TcpPair(TcpConfig.Limits limits, boolean proxied) throws IOException {
        acceptor = new TcpAcceptor(new TcpConfig("b", limits, QUICK), anyPort(), System::nanoTime, log::add);
        proxy = proxied ? new Proxy(acceptor.address()) : null;
        secondary = acceptor.interconnect("vm", "a");
        primary = TcpInterconnect.connector(
                new TcpConfig("a", limits, QUICK),
                "vm",
                proxied ? proxy.address() : acceptor.address(),
                System::nanoTime,
                log::add);
    }

    static InetSocketAddress anyPort() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    /** One round of everybody's work. */
    void work() {
        primary.poll(atPrimary, 100);
        workSecondary();
    }

    void workSecondary() {
        if (proxy != null) {
            proxy.work();
        }
        acceptor.poll();
        secondary.poll(atSecondary, 100);
    }

    TcpPair awaitUp(long incarnation) {
        Await.until(
                () -> {
                    work();
                    return primary.isUp()
                            && secondary.isUp()
                            && primary.incarnation() >= incarnation
                            && secondary.incarnation() >= incarnation;
                },
                () -> "both up: " + log);
        return this;
    }

    /** Sends a bulk frame of these bytes, or says that there is no room. */
    static boolean sendBulk(Interconnect from, byte[] payload) {
        MutableDirectBuffer claim = from.claimBulk();
        if (claim == null) {
            return false;
        }
        claim.putBytes(0, payload);
        from.commitBulk(payload.length);
        return true;
    }

    static boolean sendControl(Interconnect from, byte[] payload) {
        return from.sendControl(new UnsafeBuffer(payload), 0, payload.length);
    }

    @Override
    public void close() {
        primary.close();
        secondary.close();
        acceptor.close();
        if (proxy != null) {
            proxy.close();
        }
    }
}
