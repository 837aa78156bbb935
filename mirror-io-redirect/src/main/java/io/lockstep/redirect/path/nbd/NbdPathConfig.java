package io.lockstep.redirect.path.nbd;

import io.lockstep.redirect.nbd.NbdWire;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * An NBD server's export as a path.
 *
 * @param name what people call the path
 * @param server a unix socket, or a TCP address that is resolved already
 * @param export the export's name, may be empty
 * @param generations true if the server is a partner that knows generations: the path then fences
 * @param openTimeoutNs most nanoseconds from {@code open} until the server has agreed to the export
 * @param maxInFlight most requests sent and not answered, 1 to 4096
 */
public record NbdPathConfig(
        String name, SocketAddress server, String export, boolean generations, long openTimeoutNs, int maxInFlight) {
    private static final long DEFAULT_TIMEOUT_NS = 5_000_000_000L;
    private static final long MAX_TIMEOUT_NS = 600_000_000_000L;
    private static final int DEFAULT_IN_FLIGHT = 128;
    private static final int MAX_IN_FLIGHT = 4096;
    private static final int GENERATION_ROOM = 40;

    /** Checks every value; the message has all that are wrong. */
    public NbdPathConfig {
        List<String> wrong = new ArrayList<>();
        if (name == null || name.isBlank()) {
            wrong.add("name is missing");
        }
        if (server instanceof InetSocketAddress tcp) {
            if (tcp.isUnresolved()) {
                wrong.add("server is " + tcp + ": the host name does not resolve");
            }
        } else if (!(server instanceof UnixDomainSocketAddress)) {
            wrong.add("server is " + server + ": must be a unix socket or a TCP address");
        }
        int most = NbdWire.MAX_STRING - GENERATION_ROOM;
        if (export == null || export.getBytes(StandardCharsets.UTF_8).length > most) {
            wrong.add("export is missing or longer than " + most + " bytes");
        }
        if (openTimeoutNs < 1 || openTimeoutNs > MAX_TIMEOUT_NS) {
            wrong.add("openTimeoutNs is " + openTimeoutNs + ": must be from 1 to " + MAX_TIMEOUT_NS);
        }
        if (maxInFlight < 1 || maxInFlight > MAX_IN_FLIGHT) {
            wrong.add("maxInFlight is " + maxInFlight + ": must be from 1 to " + MAX_IN_FLIGHT);
        }
        if (!wrong.isEmpty()) {
            throw new IllegalArgumentException("nbd path " + name + ": " + String.join("; ", wrong));
        }
    }

    /** Any server: no fencing. */
    public static NbdPathConfig foreign(String name, SocketAddress server, String export) {
        return new NbdPathConfig(name, server, export, false, DEFAULT_TIMEOUT_NS, DEFAULT_IN_FLIGHT);
    }

    /** A partner's server, which knows generations. */
    public static NbdPathConfig partner(String name, SocketAddress server, String export) {
        return new NbdPathConfig(name, server, export, true, DEFAULT_TIMEOUT_NS, DEFAULT_IN_FLIGHT);
    }

    /** The name that is asked for: partners are told the generation in it. */
    String exportFor(long generation) {
        return generations ? export + ";generation=" + generation : export;
    }
}
