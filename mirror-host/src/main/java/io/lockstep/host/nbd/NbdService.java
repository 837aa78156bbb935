package io.lockstep.host.nbd;

import io.lockstep.host.config.NbdConfig;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.nbd.NbdExport;
import io.lockstep.redirect.nbd.NbdServer;
import java.io.IOException;
import java.nio.channels.Selector;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Serves the disk of an {@link NbdConfig} until it is told to stop.
 *
 * <p>Threading: {@link #run} uses the calling thread for everything; {@link #stop} may be called from any.
 */
public final class NbdService {
    private static final long NS_PER_MS = 1_000_000L;
    private static final long LEAST_SPIN_NS = 5_000;
    private static final long MOST_SPIN_NS = 40_000;
    private static final int SPIN_AGAIN = 16;
    private static final long DRAIN_NS = 5_000_000_000L;

    private final NbdConfig config;
    private final Consumer<String> log;
    private final Selector selector;
    private volatile boolean stopped;
    private volatile boolean asleep = true;
    /** Of the export, if only partners may open it; else null. */
    private GenerationFile partners;

    private long spinNs = MOST_SPIN_NS;
    private int sleeps;

    /**
     * A service that does not serve yet.
     *
     * @param log takes one line per event
     */
    public NbdService(NbdConfig config, Consumer<String> log) throws IOException {
        this.config = config;
        this.log = log;
        selector = Selector.open();
    }

    /** Makes {@link #run} return soon. */
    public void stop() {
        stopped = true;
        selector.wakeup();
    }

    /**
     * Opens the disk, serves it, and ends in order: clients are cut off, what they asked before is done and made durable.
     *
     * @throws IOException if the disk or an address cannot be opened, or the end is not in order
     */
    public void run() throws IOException {
        try (selector;
                GenerationFile store = partners();
                DiskStack disk = DiskStack.of(config, this::wakeUp, log)) {
            partners = store;
            disk.register(selector);
            if (!open(disk)) {
                return;
            }
            NbdExport export =
                    new NbdExport(config.export(), "", disk, config.readOnly(), Optional.ofNullable(partners));
            NbdServer server = new NbdServer(config.server(), List.of(export), log);
            try (server) {
                server.register(selector);
                log.accept(status(disk));
                while (!stopped) {
                    if (work(server, System.nanoTime()) == 0 && !spin(server)) {
                        sleep(server);
                    }
                }
            }
            asleep = true;
            drain(disk, server);
        }
    }

    private GenerationFile partners() throws IOException {
        return config.partners().isPresent()
                ? new GenerationFile(config.partners().get(), this::wakeUp)
                : null;
    }

    private int work(NbdServer server, long nowNs) {
        return server.doWork(nowNs) + (partners == null ? 0 : partners.doWork());
    }

    private boolean open(DiskStack disk) throws IOException {
        long deadlineNs = System.nanoTime() + config.openTimeoutNs();
        while (!stopped && !disk.isKnown()) {
            if (disk.doWork(System.nanoTime()) == 0) {
                idle(Math.min(disk.maxIdleNs(), 10 * NS_PER_MS));
            }
            boolean late = System.nanoTime() - deadlineNs > 0;
            if (disk.hasFailed() || (late && !disk.goWithout())) {
                throw new IOException("the disk cannot be opened: " + disk.trouble());
            }
        }
        return !stopped;
    }

    private String status(DiskStack disk) {
        BlockGeometry geometry = disk.geometry();
        StringBuilder text =
                new StringBuilder("serves '").append(config.export()).append("', ");
        text.append(geometry.sizeBytes() >> 20).append(" MiB").append(geometry.readOnly() ? ", read-only" : "");
        text.append(", at");
        config.server().unixSocket().ifPresent(path -> text.append(" nbd+unix:///")
                .append(config.export())
                .append("?socket=")
                .append(path));
        config.server().tcp().ifPresent(tcp -> text.append(" nbd://")
                .append(tcp.getHostString())
                .append(':')
                .append(tcp.getPort())
                .append('/')
                .append(config.export()));
        text.append(", ").append(disk.describe());
        return text.toString();
    }

    /**
     * Looks again for some microseconds: waking a thread up costs more than a fast disk takes. True if there was work. Where that does not
     * pay, because the disk is slow or nobody asks for anything, it is tried less and less.
     */
    private boolean spin(NbdServer server) {
        if (spinNs < LEAST_SPIN_NS && ++sleeps % SPIN_AGAIN != 0) {
            return false;
        }
        long startNs = System.nanoTime();
        long nowNs = startNs;
        long mostNs = Math.max(spinNs, LEAST_SPIN_NS);
        while (nowNs - startNs < mostNs) {
            Thread.onSpinWait();
            if (work(server, nowNs) > 0) {
                spinNs = Math.min(MOST_SPIN_NS, 2 * mostNs);
                return true;
            }
            nowNs = System.nanoTime();
        }
        spinNs /= 2;
        return false;
    }

    /** Others wake this thread up only while it sleeps; so it looks once more after it has said so. */
    private void sleep(NbdServer server) throws IOException {
        asleep = true;
        if (!stopped && work(server, System.nanoTime()) == 0) {
            server.await(server.maxIdleNs());
        }
        asleep = false;
    }

    private void wakeUp() {
        if (asleep) {
            selector.wakeup();
        }
    }

    /** What the clients had asked ends, then all of it becomes durable. */
    private void drain(DiskStack disk, NbdServer server) throws IOException {
        long deadlineNs = System.nanoTime() + DRAIN_NS;
        BlockRequest flush = new BlockRequest(0);
        boolean[] done = new boolean[1];
        while (server.outstanding() > 0 && System.nanoTime() - deadlineNs < 0) {
            turn(disk);
        }
        if (server.outstanding() == 0 && !disk.geometry().readOnly()) {
            flush.flush();
            flush.submitTo(disk, ended -> done[0] = true);
            while (!done[0] && System.nanoTime() - deadlineNs < 0) {
                turn(disk);
            }
            if (done[0] && flush.fault() == io.lockstep.redirect.block.BlockFault.NONE) {
                return;
            }
        } else if (server.outstanding() == 0) {
            return;
        }
        throw new IOException("the disk did not end in order: " + server.outstanding() + " requests outstanding, flush "
                + (done[0] ? flush.fault() : "not done") + "; " + disk.trouble());
    }

    private void turn(DiskStack disk) throws IOException {
        if (disk.doWork(System.nanoTime()) == 0) {
            idle(Math.min(disk.maxIdleNs(), 10 * NS_PER_MS));
        }
    }

    private void idle(long mostNs) throws IOException {
        if (mostNs > 0) {
            selector.select(key -> {}, 1 + mostNs / NS_PER_MS);
        }
    }
}
