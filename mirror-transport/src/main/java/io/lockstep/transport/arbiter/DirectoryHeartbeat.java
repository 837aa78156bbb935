package io.lockstep.transport.arbiter;

import io.lockstep.mirror.spi.StorageHeartbeat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * Beats into this host's file of a shared directory and watches the peer's, on a daemon thread of its own, so that storage that stalls
 * holds up nobody else; {@link #problem} says when it does.
 *
 * <p>Each round opens the files by name, so that a directory that was unmounted or replaced is noticed, and because that is when NFS
 * looks at the server. The peer counts as seen when its counter or incarnation is another than in the round before; the first
 * sight of a record proves nothing, it may be years old. The time noted is that before the read: seen no later than that.
 *
 * <p>Threading: reads by any thread; {@link #close} by one.
 */
public final class DirectoryHeartbeat implements StorageHeartbeat, AutoCloseable {
    private static final long CLOSE_WAIT_MS = 1_000;
    /** A reader may see half of a record that is being written; twice in a row is no coincidence. */
    private static final int TOLERATED_DAMAGE = 1;

    private final DirectoryHeartbeatConfig config;
    private final LongSupplier clock;
    private final Path ownFile;
    private final Path peerFile;
    private final Set<OpenOption> writeOptions;
    private final long incarnation;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(HeartbeatRecord.LENGTH);
    private final Thread thread;
    private long counter;
    private volatile HeartbeatRecord lastPeer;
    private int damagedRounds;
    private volatile long roundStartedNs;
    private volatile boolean inRound;
    private volatile long peerSeenNs = Long.MIN_VALUE;
    private volatile String problem = "";
    private volatile boolean closed;

    /**
     * Starts to beat.
     *
     * @param incarnation random number of this life of this process
     * @param clock monotonic time in nanoseconds, callable from any thread
     */
    public DirectoryHeartbeat(DirectoryHeartbeatConfig config, long incarnation, LongSupplier clock) {
        this.config = config;
        this.incarnation = incarnation;
        this.clock = clock;
        ownFile = config.directory().resolve(config.host());
        peerFile = config.directory().resolve(config.peer());
        writeOptions = config.synchronous()
                ? Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.DSYNC)
                : Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        roundStartedNs = clock.getAsLong();
        thread = new Thread(this::run, "storage-heartbeat-" + config.host());
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public long peerSeenNs() {
        return peerSeenNs;
    }

    /** The life of the peer's process whose record was read last, 0 if none was. */
    public long peerIncarnation() {
        HeartbeatRecord peer = lastPeer;
        return peer == null ? 0 : peer.incarnation();
    }

    @Override
    public String problem() {
        long takenNs = clock.getAsLong() - roundStartedNs;
        if (inRound && takenNs > config.stallNs()) {
            return "storage at " + config.directory() + " has not answered for "
                    + TimeUnit.NANOSECONDS.toMillis(takenNs) + " ms";
        }
        return problem;
    }

    private void run() {
        while (!closed) {
            roundStartedNs = clock.getAsLong();
            inRound = true;
            String newProblem;
            try {
                beat();
                newProblem = watch();
            } catch (IOException | RuntimeException e) {
                newProblem = "storage at " + config.directory() + ": "
                        + e.getClass().getSimpleName() + ": " + e.getMessage();
            }
            problem = newProblem;
            inRound = false;
            if (!closed) {
                // A permit left over from close() or a spurious return costs one early beat.
                LockSupport.parkNanos(this, config.intervalNs());
            }
        }
    }

    private void beat() throws IOException {
        counter++;
        new HeartbeatRecord(config.host(), counter, incarnation).write(buffer);
        try (FileChannel file = FileChannel.open(ownFile, writeOptions)) {
            int at = 0;
            while (buffer.hasRemaining()) {
                at += file.write(buffer, at);
            }
        }
    }

    /** Notes an advance of the peer; returns what is wrong with its record, empty if nothing. */
    private String watch() throws IOException {
        long beforeNs = clock.getAsLong();
        buffer.clear();
        try (FileChannel file = FileChannel.open(peerFile, StandardOpenOption.READ)) {
            int count = 0;
            while (buffer.hasRemaining() && count >= 0) {
                count = file.read(buffer);
            }
        } catch (NoSuchFileException e) {
            // A peer that never started is not a fault of the storage.
            return "";
        }
        buffer.flip();
        HeartbeatRecord peer;
        try {
            peer = HeartbeatRecord.read(buffer, config.peer());
        } catch (IOException e) {
            damagedRounds++;
            return damagedRounds > TOLERATED_DAMAGE ? e.getMessage() : "";
        }
        damagedRounds = 0;
        if (lastPeer != null && !peer.equals(lastPeer)) {
            peerSeenNs = beforeNs;
        }
        lastPeer = peer;
        return "";
    }

    /** Stops beating; waits a second at most for a round in progress, which stalled storage may hold up for longer. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
        try {
            thread.join(CLOSE_WAIT_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
