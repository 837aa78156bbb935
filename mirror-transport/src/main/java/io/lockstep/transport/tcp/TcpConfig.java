package io.lockstep.transport.tcp;

import io.lockstep.mirror.record.FrameDescriptor;

/**
 * How a host speaks to its peers over TCP.
 *
 * @param host name of this host, told to the peer; 1 to 255 bytes of UTF-8
 * @param limits sizes that bound the memory of one interconnect
 * @param timing deadlines and back-off
 */
public record TcpConfig(String host, Limits limits, Timing timing) {
    /**
     * Sizes in bytes. One interconnect takes about {@code maxBulk * (bulkFrames + 4) + maxControl * 4 + controlQueue} bytes of
     * off-heap memory, whatever the peer does.
     *
     * @param maxBulk largest payload of a bulk frame; must be the same on both hosts
     * @param bulkFrames frames that may be claimed or waiting for the kernel to take them
     * @param maxControl largest payload of a control frame; must be the same on both hosts
     * @param controlQueue room for control frames that wait for the kernel
     * @param bulkSocket kernel buffer of the bulk connection, per direction; 0 leaves it to the kernel
     * @param controlSocket the same for the control connection
     */
    public record Limits(
            int maxBulk, int bulkFrames, int maxControl, int controlQueue, int bulkSocket, int controlSocket) {
        /** 16 frames of 128 KiB and control frames of up to 64 KiB. */
        public static final Limits DEFAULT = new Limits(128 << 10, 16, 64 << 10, 256 << 10, 1 << 20, 0);

        private static final int MAX_SOCKET = 64 << 20;

        /** Checks the bounds. */
        public Limits {
            require("maxBulk", maxBulk, 64, FrameDescriptor.MAX_PAYLOAD);
            require("bulkFrames", bulkFrames, 1, 512);
            require("maxControl", maxControl, 64, 1 << 20);
            require("controlQueue", controlQueue, FrameDescriptor.frameLength(maxControl), 64 << 20);
            require("bulkSocket", bulkSocket, 0, MAX_SOCKET);
            require("controlSocket", controlSocket, 0, MAX_SOCKET);
        }
    }

    /**
     * Times in nanoseconds.
     *
     * @param handshakeNs how long a connection may take from its first byte to WELCOME
     * @param retryMinNs the first wait after a failed or lost connection; doubles up to {@code retryMaxNs}
     * @param retryMaxNs the longest wait between two attempts
     * @param maxHalfOpen connections that may be in handshake at the acceptor; more are refused
     */
    public record Timing(long handshakeNs, long retryMinNs, long retryMaxNs, int maxHalfOpen) {
        /** 2 s for a handshake, 20 ms to 1 s between attempts, 32 connections in handshake. */
        public static final Timing DEFAULT = new Timing(2_000_000_000L, 20_000_000L, 1_000_000_000L, 32);

        private static final long HOUR_NS = 3_600_000_000_000L;

        /** Checks the bounds. */
        public Timing {
            require("handshakeNs", handshakeNs, 1_000_000, HOUR_NS);
            require("retryMinNs", retryMinNs, 100_000, HOUR_NS);
            require("retryMaxNs", retryMaxNs, retryMinNs, HOUR_NS);
            require("maxHalfOpen", maxHalfOpen, 2, 1024);
        }
    }

    /** Checks the host's name. */
    public TcpConfig {
        Hello.requireName("host", host);
        if (limits == null || timing == null) {
            throw new IllegalArgumentException("limits and timing must be given");
        }
    }

    /** The defaults for a host. */
    public static TcpConfig of(String host) {
        return new TcpConfig(host, Limits.DEFAULT, Timing.DEFAULT);
    }

    private static void require(String name, long value, long min, long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + " is " + value + ", must be " + min + " to " + max);
        }
    }
}
