package io.lockstep.bench.rig;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lockstep.host.load.LoadReport;
import io.lockstep.host.load.RespConnection;
import io.lockstep.host.rig.RigException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.HdrHistogram.Histogram;

/** One INCR after another over one TCP connection that lives through protected and unprotected phases alike. */
final class LatencyProbe implements AutoCloseable {
    /** Address of the guest in the rig's network. */
    static final String GUEST = "10.77.0.10";

    private static final int PORT = 6379;
    private static final long HIGHEST_US = 60_000_000;

    private final RespConnection connection;
    private long expected;

    private LatencyProbe(RespConnection connection) {
        this.connection = connection;
    }

    static LatencyProbe connect() throws RigException {
        try {
            return new LatencyProbe(RespConnection.connect(new InetSocketAddress(GUEST, PORT), Duration.ofSeconds(10)));
        } catch (IOException e) {
            throw new RigException("the service in the guest: " + e.getMessage(), e);
        }
    }

    /** Round trips in microseconds, for so long. */
    Histogram measure(Duration time) throws RigException {
        Histogram histogram = new Histogram(HIGHEST_US, 3);
        long endNs = System.nanoTime() + time.toNanos();
        try {
            long sentNs = System.nanoTime();
            while (sentNs - endNs < 0) {
                long answer = Long.parseLong(connection.call("INCR", "bench"));
                long nowNs = System.nanoTime();
                if (answer != ++expected) {
                    throw new RigException("INCR answered " + answer + ", expected " + expected);
                }
                histogram.recordValue(Math.min(HIGHEST_US, (nowNs - sentNs) / 1000));
                sentNs = nowNs;
            }
        } catch (IOException | NumberFormatException e) {
            throw new RigException("the client's connection: " + e.getMessage(), e);
        }
        return histogram;
    }

    static ObjectNode json(Histogram histogram) {
        return LoadReport.histogram(histogram);
    }

    @Override
    public void close() throws RigException {
        try {
            connection.close();
        } catch (IOException e) {
            throw new RigException("the client's connection: " + e.getMessage(), e);
        }
    }
}
