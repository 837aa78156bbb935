package io.lockstep.host.engine;

import io.lockstep.host.HostEvent;
import io.lockstep.host.config.DiskConfig;
import io.lockstep.host.config.GuestConfig;
import io.lockstep.host.config.HostConfig;
import io.lockstep.host.config.UplinkConfig;
import io.lockstep.host.uplink.NoUplink;
import io.lockstep.host.uplink.TapUplink;
import io.lockstep.mirror.spi.FramePort;
import io.lockstep.transport.arbiter.DirectoryArbiter;
import io.lockstep.transport.arbiter.DirectoryHeartbeat;
import io.lockstep.transport.arbiter.DirectoryHeartbeatConfig;
import io.lockstep.transport.tcp.TcpAcceptor;
import io.lockstep.transport.tcp.TcpConfig;
import io.lockstep.transport.uplink.StreamUplink;
import io.lockstep.transport.uplink.StreamUplinkConfig;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Selector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * What all guests of a host share: the listener for partners, the storage heartbeat, the arbiter's worker, the uplink.
 *
 * <p>Threading: any thread.
 */
public final class HostEngine implements AutoCloseable {
    private static final long STALL_NS = 2_000_000_000L;
    private static final long ACCEPT_IDLE_MS = 100;
    private static final long REFRESH_MS = 50;

    private final HostConfig config;
    private final Consumer<HostEvent> events;
    private final long incarnation = ThreadLocalRandom.current().nextLong() & Long.MAX_VALUE;
    private final TcpConfig tcp;
    private final MemoryLedger ledger;
    private final ScheduledExecutorService storage;
    private final DirectoryHeartbeat heartbeat;
    private final TcpAcceptor acceptor;
    private final DutyThread acceptThread;
    private final Map<String, VmEngine> engines = new ConcurrentHashMap<>();
    private final List<AutoCloseable> uplinks = new ArrayList<>();

    /**
     * Starts to beat and to listen; no guest yet.
     *
     * @throws IOException if a directory or address of the configuration cannot be used
     */
    public HostEngine(HostConfig config, Consumer<HostEvent> events) throws IOException {
        this.config = config;
        this.events = events;
        this.tcp = TcpConfig.of(config.host());
        Files.createDirectories(config.runDir());
        Files.createDirectories(config.arbiterDir().resolve("beats"));
        Files.createDirectories(config.arbiterDir().resolve("terms"));
        this.ledger = new MemoryLedger(config.memoryLimit(), config.runDir());
        this.acceptor = new TcpAcceptor(tcp, config.listen(), System::nanoTime, text -> notice("", text));
        this.storage = Executors.newSingleThreadScheduledExecutor(HostEngine::daemon);
        this.heartbeat = new DirectoryHeartbeat(
                new DirectoryHeartbeatConfig(
                        config.arbiterDir().resolve("beats"),
                        config.host(),
                        config.partner(),
                        config.policy().heartbeatNs(),
                        STALL_NS,
                        false),
                incarnation,
                System::nanoTime);
        this.acceptThread =
                new DutyThread("accept", new Accepting(), error -> notice("", "accepting failed: " + error));
        acceptThread.start();
    }

    private static Thread daemon(Runnable work) {
        Thread thread = new Thread(work, "arbiter");
        thread.setDaemon(true);
        return thread;
    }

    private void notice(String vm, String text) {
        events.accept(new HostEvent.Notice(vm, text));
    }

    /**
     * Adds a guest that both hosts know; the arbiter says who runs it. Blocks for as long as that takes, at most two detection times.
     *
     * @throws IOException if the uplink cannot be used
     */
    public synchronized VmEngine add(GuestConfig guest) throws IOException {
        requireUnknown(guest.spec().name());
        DirectoryArbiter arbiter = arbiter(guest.spec().name());
        boolean elsewhere = !isFirst(guest, arbiter) || partnerRuns(arbiter);
        VmContext context = context(guest.spec().name(), arbiter);
        return register(elsewhere ? VmEngine.waiting(context) : VmEngine.starting(context, guest));
    }

    /**
     * Starts a guest on this host. Blocks like {@link #add} while it looks whether the partner runs the guest.
     *
     * @throws IOException if the uplink cannot be used or the arbiter cannot be asked
     * @throws IllegalStateException if this host knows the guest already, or the partner runs it
     */
    public synchronized VmEngine start(GuestConfig guest) throws IOException {
        String vm = guest.spec().name();
        requireUnknown(vm);
        DirectoryArbiter arbiter = arbiter(vm);
        if (partnerRuns(arbiter)) {
            // A new term would be won, and would end the guest that runs there.
            throw new IllegalStateException("guest '" + vm + "' runs on host " + config.partner() + " in term "
                    + arbiter.highestTerm() + ": accept it here instead");
        }
        return register(VmEngine.starting(context(vm, arbiter), guest));
    }

    /**
     * Waits for the partner's request to protect a guest.
     *
     * @throws IllegalStateException if this host knows the guest already
     */
    public synchronized VmEngine accept(String vm) throws IOException {
        requireUnknown(vm);
        return register(VmEngine.waiting(context(vm, arbiter(vm))));
    }

    /** Checked before anything starts: a second engine of a guest would win the next term, which ends the first one's guest. */
    private void requireUnknown(String vm) {
        if (engines.containsKey(vm)) {
            throw new IllegalStateException("guest '" + vm + "' is known already");
        }
    }

    private VmEngine register(VmEngine engine) {
        engines.put(engine.vm(), engine);
        return engine;
    }

    private DirectoryArbiter arbiter(String vm) {
        DirectoryArbiter arbiter = new DirectoryArbiter(
                config.arbiterDir().resolve("terms"), vm, config.host(), Long.toHexString(incarnation), storage);
        var unused = storage.scheduleWithFixedDelay(arbiter::refresh, REFRESH_MS, REFRESH_MS, TimeUnit.MILLISECONDS);
        return arbiter;
    }

    /** True if it is for this host to start a guest that nobody runs: with a disk, for the host that ran it last and has the newest copy. */
    private boolean isFirst(GuestConfig guest, DirectoryArbiter arbiter) throws IOException {
        DirectoryArbiter.Holder holder = arbiter.holder();
        String first = guest.startOn();
        if (guest.disk().isPresent() && holder != null && !holder.host().equals(first)) {
            first = holder.host();
            notice(
                    guest.spec().name(),
                    "host " + first
                            + " ran the guest last and has the newest copy of its disk: it is for that host to start it");
        }
        return first.equals(config.host());
    }

    /** True if the process that won the guest's highest term is the partner's and still beats. */
    private boolean partnerRuns(DirectoryArbiter arbiter) throws IOException {
        DirectoryArbiter.Holder holder = arbiter.holder();
        if (holder == null || !holder.host().equals(config.partner())) {
            return false;
        }
        long deadline = System.nanoTime() + 2 * config.policy().detectNs() + STALL_NS / 4;
        while (System.nanoTime() < deadline && heartbeat.peerSeenNs() == Long.MIN_VALUE) {
            java.util.concurrent.locks.LockSupport.parkNanos(config.policy().heartbeatNs());
        }
        return heartbeat.peerSeenNs() != Long.MIN_VALUE
                && Long.toHexString(heartbeat.peerIncarnation()).equals(holder.incarnation());
    }

    private VmContext context(String vm, DirectoryArbiter arbiter) throws IOException {
        Optional<DiskConfig> disk = config.guests().stream()
                .filter(guest -> guest.spec().name().equals(vm))
                .findFirst()
                .flatMap(GuestConfig::disk);
        return new VmContext(vm, config, tcp, acceptor, arbiter, heartbeat, uplink(vm), ledger, disk, events);
    }

    private FramePort uplink(String vm) throws IOException {
        UplinkConfig wanted = config.uplink();
        if (!wanted.tap().isEmpty()) {
            TapUplink tap = new TapUplink(wanted.tap(), () -> {
                VmEngine engine = engines.get(vm);
                if (engine != null) {
                    engine.wakeUp();
                }
            });
            uplinks.add(tap);
            return tap;
        }
        if (!wanted.stream().isEmpty()) {
            StreamUplink stream = new StreamUplink(
                    StreamUplinkConfig.connectTo(address(wanted.stream())), System::nanoTime, text -> notice(vm, text));
            uplinks.add(stream);
            return stream;
        }
        return new NoUplink();
    }

    private static SocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        if (text.startsWith("/") || colon < 0) {
            return UnixDomainSocketAddress.of(Path.of(text));
        }
        return new InetSocketAddress(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
    }

    @Override
    public void close() {
        engines.values().forEach(VmEngine::close);
        acceptThread.close();
        acceptor.close();
        heartbeat.close();
        uplinks.forEach(Closing::quietly);
        storage.shutdownNow();
    }

    private final class Accepting implements DutyThread.Duty {
        @Override
        public int doWork(long nowNs) {
            acceptor.poll();
            return 0;
        }

        @Override
        public void register(Selector selector) {
            acceptor.register(selector);
        }

        @Override
        public long maxIdleMs() {
            return ACCEPT_IDLE_MS;
        }
    }
}
