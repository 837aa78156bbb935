package io.lockstep.redirect.nbd;

import io.lockstep.redirect.block.BlockDevice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Selector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** A server with a thread of its own on a private unix socket. What goes wrong in the thread fails {@link #close}. */
final class ServerThread implements AutoCloseable {
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(20);

    final NbdServer server;
    final Path socket;
    final List<String> log = new CopyOnWriteArrayList<>();
    private final Path directory;
    private final Selector selector;
    private final Thread thread;
    private volatile boolean running = true;
    private volatile Throwable defect;

    ServerThread(BlockDevice device) throws IOException {
        this(List.of(NbdExport.of("disk", device)), UnaryConfig.standard());
    }

    /** Changes the standard configuration. */
    @FunctionalInterface
    interface UnaryConfig {
        NbdServerConfig apply(NbdServerConfig standard);

        static UnaryConfig standard() {
            return config -> config;
        }
    }

    ServerThread(List<NbdExport> exports, UnaryConfig change) throws IOException {
        this(exports, change, Selector.open());
    }

    /** For devices that wake up a selector. */
    ServerThread(List<NbdExport> exports, UnaryConfig change, Selector selector) throws IOException {
        directory = Files.createTempDirectory("nbd");
        socket = directory.resolve("s");
        this.selector = selector;
        server = new NbdServer(
                change.apply(NbdServerConfig.standard(Optional.of(socket), Optional.empty())), exports, log::add);
        server.register(selector);
        thread = new Thread(this::run, "nbd server");
        thread.start();
    }

    private void run() {
        try {
            while (running) {
                if (server.doWork(System.nanoTime()) == 0) {
                    selector.select(key -> {}, 1 + Math.min(50, server.maxIdleNs() / 1_000_000));
                }
            }
        } catch (Throwable e) {
            defect = e;
        }
    }

    String uri() {
        return "nbd+unix:///?socket=" + socket;
    }

    /** Stands in for a device that completes from another thread. */
    void wakeup() {
        selector.wakeup();
    }

    void awaitLog(String part) {
        await(() -> log.stream().anyMatch(line -> line.contains(part)), () -> "no line with '" + part + "' in " + log);
    }

    static void await(BooleanSupplier condition, Supplier<String> otherwise) {
        long deadline = System.nanoTime() + PATIENCE_NS;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError(otherwise.get());
            }
            LockSupport.parkNanos(200_000);
        }
    }

    @Override
    public void close() {
        running = false;
        selector.wakeup();
        try {
            thread.join(10_000);
            server.close();
            selector.close();
            Files.deleteIfExists(socket);
            Files.deleteIfExists(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (defect != null) {
            throw new AssertionError("the server's thread ended: " + defect, defect);
        }
    }
}
