package io.lockstep.host.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

/**
 * Drives the service in the guest over one TCP connection for its whole life and checks every answer. It never connects again: a
 * connection that breaks is a failed run.
 *
 * <p>Threading: its own daemon thread talks; every public method may be called from any thread.
 */
public final class LoadClient implements AutoCloseable {
    private static final long HIGHEST_US = TimeUnit.MINUTES.toMicros(2);

    private final LoadConfig config;
    private final RespConnection connection;
    private final Ledger ledger;
    private final Recorder recorder = new Recorder(HIGHEST_US, 2);
    private final Histogram total = new Histogram(HIGHEST_US, 2);
    private final Thread thread;
    private volatile boolean finishing;
    private volatile boolean resting;
    private volatile boolean rested;
    private volatile boolean verified;
    private volatile String problem = "";
    private volatile long operations;
    private volatile long increments;
    private volatile long writes;
    private volatile long readBack;
    private volatile long lastAnswerNs;
    private volatile long longestGapNs;
    private volatile long markedGapNs;

    private LoadClient(LoadConfig config, RespConnection connection) {
        this.config = config;
        this.connection = connection;
        this.ledger = new Ledger(config);
        this.thread = new Thread(this::run, "load-" + config.name());
        this.thread.setDaemon(true);
    }

    /** Connects, waits until the service answers, and starts. Tries again only before the first answer. */
    public static LoadClient start(LoadConfig config, InetSocketAddress address, Duration limit) throws IOException {
        long deadlineNs = System.nanoTime() + limit.toNanos();
        IOException last =
                new IOException("the service at " + address + " did not answer within " + limit.toSeconds() + " s");
        while (System.nanoTime() - deadlineNs < 0) {
            RespConnection connection = null;
            try {
                connection = RespConnection.connect(address, Duration.ofSeconds(2));
                if ("PONG".equals(connection.call("PING"))) {
                    LoadClient client = new LoadClient(config, connection);
                    client.lastAnswerNs = System.nanoTime();
                    client.thread.start();
                    return client;
                }
                connection.close();
            } catch (IOException e) {
                last = e;
                if (connection != null) {
                    connection.close();
                }
                LockSupport.parkNanos(50_000_000);
            }
        }
        throw last;
    }

    private void run() {
        try {
            while (!finishing) {
                if (resting) {
                    rest();
                }
                fill();
                settleOne();
            }
            while (ledger.underWay() > 0) {
                settleOne();
            }
            readBack();
            verified = true;
        } catch (WrongAnswerException e) {
            fail("wrong answer: " + e.getMessage());
        } catch (IOException e) {
            fail("the TCP connection broke after " + operations + " answers: " + e.getMessage());
        } catch (RuntimeException e) {
            fail("the client failed: " + e);
        }
    }

    /** The first reason counts: a connection that was given up breaks, too. */
    private void fail(String why) {
        if (problem.isEmpty()) {
            problem = why;
        }
    }

    private void rest() throws IOException, WrongAnswerException {
        settleAll();
        rested = true;
        while (resting && !finishing) {
            LockSupport.park(this);
        }
        rested = false;
        lastAnswerNs = System.nanoTime();
    }

    /** Sends nothing more until {@link #goOn}. Returns false if answers are still missing after the limit. */
    public boolean pause(Duration limit) {
        resting = true;
        long deadlineNs = System.nanoTime() + limit.toNanos();
        while (!rested && thread.isAlive() && System.nanoTime() - deadlineNs < 0) {
            LockSupport.parkNanos(1_000_000);
        }
        return rested;
    }

    /** Ends a {@link #pause}. */
    public void goOn() {
        resting = false;
        LockSupport.unpark(thread);
    }

    private void fill() throws IOException {
        // Half a window at a time: fewer, fuller segments, and answers keep coming while the next commands are written.
        if (ledger.underWay() > config.depth() / 2) {
            return;
        }
        while (ledger.underWay() < config.depth()) {
            connection.append(ledger.next(System.nanoTime()).words());
        }
        connection.flush();
    }

    private void settleOne() throws IOException, WrongAnswerException {
        String answer = connection.readReply();
        long nowNs = System.nanoTime();
        long gapNs = nowNs - lastAnswerNs;
        longestGapNs = Math.max(longestGapNs, gapNs);
        markedGapNs = Math.max(markedGapNs, gapNs);
        lastAnswerNs = nowNs;
        long sentNs = ledger.settle(answer);
        recorder.recordValue(Math.min(HIGHEST_US, (nowNs - sentNs) / 1000));
        increments = ledger.acknowledgedIncrements();
        writes = ledger.acknowledgedWrites();
        operations = ledger.settled();
    }

    private void readBack() throws IOException, WrongAnswerException {
        connection.append(ledger.readCounter(System.nanoTime()).words());
        for (int key = 0; key < config.keys(); key++) {
            connection.append(ledger.read(key, System.nanoTime()).words());
            if (ledger.underWay() >= 64) {
                settleAll();
            }
        }
        settleAll();
        readBack = config.keys();
    }

    private void settleAll() throws IOException, WrongAnswerException {
        connection.flush();
        while (ledger.underWay() > 0) {
            settleOne();
        }
    }

    /** Answers so far. */
    public long operations() {
        return operations;
    }

    /** Empty while everything is right, otherwise what went wrong. */
    public String problem() {
        return problem;
    }

    /** True until the run ended, well or not. */
    public boolean isRunning() {
        return thread.isAlive();
    }

    /** How long the oldest command waits at least: time since the last answer. */
    public long silentNs() {
        return System.nanoTime() - lastAnswerNs;
    }

    /** The longest time without an answer since the last call, counting the present one. */
    public long takeGapNs() {
        long gapNs = Math.max(markedGapNs, thread.isAlive() ? silentNs() : 0);
        markedGapNs = 0;
        return gapNs;
    }

    /** Longest time without an answer so far. */
    public long longestGapNs() {
        return longestGapNs;
    }

    /** Latencies in microseconds since the last call. */
    public synchronized Histogram takeLatency() {
        Histogram interval = recorder.getIntervalHistogram();
        total.add(interval);
        return interval;
    }

    /** Stops sending, waits for the answers under way, reads every key back. */
    public LoadReport finish(Duration limit) {
        finishing = true;
        try {
            thread.join(limit.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive()) {
            problem = "no end within " + limit.toSeconds() + " s: the last answer came " + silentNs() / 1_000_000
                    + " ms ago, " + operations + " answers in all";
        }
        close();
        return report();
    }

    /** What was seen so far. */
    public synchronized LoadReport report() {
        takeLatency();
        boolean right = verified && problem.isEmpty();
        String why = right || !problem.isEmpty() ? problem : "the run was not finished";
        return new LoadReport(right, why, operations, increments, writes, readBack, longestGapNs, total.copy());
    }

    /** Breaks the connection off. */
    @Override
    public void close() {
        try {
            connection.close();
        } catch (IOException e) {
            // Nothing depends on a connection that is given up.
            problem = problem.isEmpty() && !verified ? "closed: " + e.getMessage() : problem;
        }
    }
}
