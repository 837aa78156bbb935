package io.lockstep.host.disk;

import io.lockstep.redirect.nbd.NbdServerConfig;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Optional;

/** How much the clients of a guest's disk may use: QEMU has 16 requests under way on one connection, the partner up to its own bound. */
final class DiskServers {
    private static final int CONNECTIONS = 8;
    private static final int REQUESTS = 256;
    private static final int SMALL = 128;
    private static final int MEDIUM = 24;
    private static final long HANDSHAKE_NS = 10_000_000_000L;
    private static final long STALL_NS = 30_000_000_000L;

    private DiskServers() {}

    static NbdServerConfig forGuest(Path socket) {
        return of(Optional.of(socket), Optional.empty());
    }

    static NbdServerConfig forPartner(InetSocketAddress address) {
        return of(Optional.empty(), Optional.of(address));
    }

    private static NbdServerConfig of(Optional<Path> socket, Optional<InetSocketAddress> address) {
        return new NbdServerConfig(
                socket, address, CONNECTIONS, REQUESTS, REQUESTS, SMALL, MEDIUM, 1, true, HANDSHAKE_NS, STALL_NS);
    }
}
