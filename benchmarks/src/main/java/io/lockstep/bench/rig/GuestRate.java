package io.lockstep.bench.rig;

import io.lockstep.host.rig.RigException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * Reads the count of the load in the guest. The time is this machine's, not the guest's: the guest's clock stands still while it is
 * paused, so its own rate would hide the pauses.
 *
 * @param count of the load
 * @param atNs when the answer came
 */
record GuestRate(long count, long atNs) {
    private static final int PORT = 7001;
    private static final int LIMIT_MS = 5_000;

    /** Asks the guest now. */
    static GuestRate read() throws RigException {
        try (Socket socket = new Socket()) {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(LIMIT_MS);
            socket.connect(new InetSocketAddress(LatencyProbe.GUEST, PORT), LIMIT_MS);
            byte[] answer = socket.getInputStream().readAllBytes();
            long nowNs = System.nanoTime();
            String[] words =
                    new String(answer, StandardCharsets.US_ASCII).strip().split(" ", -1);
            if (words.length != 3) {
                throw new RigException("the load in the guest answered '" + String.join(" ", words) + "'");
            }
            return new GuestRate(Long.parseLong(words[1]), nowNs);
        } catch (IOException | NumberFormatException e) {
            throw new RigException("the load in the guest does not answer: " + e.getMessage(), e);
        }
    }

    /** Counts a second since {@code earlier}. */
    double since(GuestRate earlier) {
        return (count - earlier.count) * 1e9 / (atNs - earlier.atNs);
    }
}
