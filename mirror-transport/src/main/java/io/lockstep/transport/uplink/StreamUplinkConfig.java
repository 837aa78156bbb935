package io.lockstep.transport.uplink;

import io.lockstep.mirror.spi.FramePort;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;

/**
 * Where an uplink's socket is.
 *
 * @param address resolved TCP address or unix socket path
 * @param listen true to accept one peer at a time, false to connect
 * @param bufferBytes room for frames, per direction; at least one longest frame
 * @param retryNs wait between two attempts to connect, in nanoseconds
 */
public record StreamUplinkConfig(SocketAddress address, boolean listen, int bufferBytes, long retryNs) {
    static final int MIN_BUFFER = Integer.BYTES + FramePort.MAX_FRAME;
    private static final int MAX_BUFFER = 64 << 20;

    /** Checks the bounds. */
    public StreamUplinkConfig {
        boolean tcp = address instanceof InetSocketAddress inet && !inet.isUnresolved();
        if (!tcp && !(address instanceof UnixDomainSocketAddress)) {
            throw new IllegalArgumentException(
                    "address " + address + " is neither a resolved TCP address nor a unix socket");
        }
        if (bufferBytes < MIN_BUFFER || bufferBytes > MAX_BUFFER) {
            throw new IllegalArgumentException(
                    "bufferBytes is " + bufferBytes + ", must be " + MIN_BUFFER + " to " + MAX_BUFFER);
        }
        if (retryNs < 100_000) {
            throw new IllegalArgumentException("retryNs is " + retryNs + ", must be at least 100000");
        }
    }

    /** Connects, with 1 MiB of buffer and 50 ms between attempts. */
    public static StreamUplinkConfig connectTo(SocketAddress address) {
        return new StreamUplinkConfig(address, false, 1 << 20, 50_000_000);
    }

    /** Accepts, with 1 MiB of buffer. */
    public static StreamUplinkConfig listenAt(SocketAddress address) {
        return new StreamUplinkConfig(address, true, 1 << 20, 50_000_000);
    }
}
