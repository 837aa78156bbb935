package io.lockstep.redirect.nbd;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where an NBD server listens and how much it lets its clients use. Memory of requests: at most {@code smallBuffers} x 64 KiB +
 * {@code mediumBuffers} x 1 MiB + {@code largeBuffers} x 32 MiB, taken when first needed, and 16 KiB for each client.
 *
 * @param unixSocket path of the unix socket, if it listens on one
 * @param tcp address to listen at, if it does; port 0 lets the system choose
 * @param maxConnections clients at a time; more are turned away
 * @param maxRequests requests of all clients at a time
 * @param requestsPerConnection requests of one client at a time, those included whose reply it has not read
 * @param smallBuffers requests up to 64 KiB at a time
 * @param mediumBuffers requests up to 1 MiB at a time
 * @param largeBuffers requests up to 32 MiB at a time
 * @param multiConn tells clients that FLUSH on one connection covers all: true for every stack whose FLUSH covers what it completed
 * @param handshakeNs a client that has not opened an export by then is disconnected
 * @param stallNs a client that neither sends the rest of a write nor reads replies for so long is disconnected if others wait for memory
 */
public record NbdServerConfig(
        Optional<Path> unixSocket,
        Optional<InetSocketAddress> tcp,
        int maxConnections,
        int maxRequests,
        int requestsPerConnection,
        int smallBuffers,
        int mediumBuffers,
        int largeBuffers,
        boolean multiConn,
        long handshakeNs,
        long stallNs) {
    private static final int MAX_CONNECTIONS = 65_536;
    private static final int MAX_REQUESTS = 65_536;
    private static final int MAX_BUFFERS = 65_536;
    private static final long MAX_NS = 3_600_000_000_000L;

    /** Checks every value. */
    public NbdServerConfig {
        if (unixSocket.isEmpty() && tcp.isEmpty()) {
            throw new IllegalArgumentException("an NBD server needs a unix socket or a TCP address to listen at");
        }
        within("maxConnections", maxConnections, 1, MAX_CONNECTIONS);
        within("maxRequests", maxRequests, 1, MAX_REQUESTS);
        within("requestsPerConnection", requestsPerConnection, 1, maxRequests);
        within("smallBuffers", smallBuffers, 2, MAX_BUFFERS);
        within("mediumBuffers", mediumBuffers, 2, MAX_BUFFERS);
        within("largeBuffers", largeBuffers, 1, MAX_BUFFERS);
        within("handshakeNs", handshakeNs, 1, MAX_NS);
        within("stallNs", stallNs, 1, MAX_NS);
    }

    /** What suits one guest and its tools: at most 112 MiB for requests. */
    public static NbdServerConfig standard(Optional<Path> unixSocket, Optional<InetSocketAddress> tcp) {
        return new NbdServerConfig(
                unixSocket, tcp, 1_200, 1_024, 256, 256, 32, 2, true, 60_000_000_000L, 30_000_000_000L);
    }

    private static void within(String key, long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(key + " is " + value + ": must be from " + least + " to " + most);
        }
    }
}
