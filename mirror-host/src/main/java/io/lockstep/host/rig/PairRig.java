package io.lockstep.host.rig;

import io.lockstep.host.load.LoadClient;
import io.lockstep.host.load.LoadConfig;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * Two hosts with their network, ready to be used and broken. Open it, {@link #startBoth}, {@link #startClient}, break things, look at
 * {@link #host}, close it.
 *
 * <p>Threading: one thread drives it; {@link #close()} from any thread, once or several times.
 */
public final class PairRig implements AutoCloseable {
    private static final int PORT = 7420;
    static final int REDIS_PORT = 6379;
    private static final int DISK_PORT = 7430;
    private static final long LOOK_MS = 10;
    private static final Duration STOP_LIMIT = Duration.ofSeconds(4);

    private final PairConfig config;
    private final RigNetwork network;
    private final Map<Side, ByteProxy> proxies = new EnumMap<>(Side.class);
    private final Map<Side, HostProcess> hosts = new EnumMap<>(Side.class);
    private final Map<Side, DiskServer> disks = new EnumMap<>(Side.class);
    private final List<Path> mounts = new ArrayList<>();
    private boolean closed;

    private PairRig(PairConfig config, RigNetwork network) {
        this.config = config;
        this.network = network;
    }

    /** Builds the network, the directories and the configurations. Starts no host. */
    public static PairRig open(PairConfig config) throws RigException {
        for (String name : List.of("vmlinuz", "initrd")) {
            if (!Files.isReadable(config.guestDir().resolve(name))) {
                throw new RigException(
                        "no guest image: " + config.guestDir().resolve(name) + " cannot be read; dev/guest builds it");
            }
        }
        PairRig rig = new PairRig(config, config.netns() ? RigNetwork.split() : RigNetwork.flat());
        try {
            rig.prepare();
            return rig;
        } catch (IOException | RigException e) {
            rig.close();
            throw new RigException("cannot prepare the two hosts: " + e.getMessage(), e);
        }
    }

    private void prepare() throws IOException, RigException {
        directory(config.arbiterDir(), config.arbiterSize());
        for (Side side : Side.values()) {
            Files.createDirectories(config.directory());
            directory(config.runDir(side), config.runDirSize().getOrDefault(side, ""));
            if (config.proxied()) {
                proxies.put(side, ByteProxy.open(new InetSocketAddress(network.interconnect(side.other()), PORT)));
            }
        }
        for (Side side : Side.values()) {
            if (config.disk() != null) {
                prepareDisk(side);
            }
            Files.writeString(configFile(side), configText(side));
        }
    }

    /** Only the first host's copy has anything on it: the other one gets it from there. */
    private void prepareDisk(Side side) throws IOException, RigException {
        Path directory = Files.createDirectories(config.diskDir(side));
        Path image = DiskServer.image(directory);
        Tool.run("truncate", "-s", config.disk().mib() + "M", image.toString());
        if (side == Side.A) {
            Tool.run("mkfs.ext4", "-q", "-F", image.toString(), config.disk().fileSystemMib() + "M");
        }
        if (config.disk().injected()) {
            disks.put(side, DiskServer.start(directory, List.of()));
        }
    }

    private void directory(Path directory, String size) throws IOException, RigException {
        Files.createDirectories(directory);
        if (!size.isEmpty()) {
            Tool.run("mount", "-t", "tmpfs", "-o", "size=" + size, "mirror-rig", directory.toString());
            mounts.add(directory);
        }
    }

    private String configText(Side side) throws IOException {
        String partner = network.interconnect(side.other()) + ":" + PORT;
        if (config.proxied()) {
            partner = "127.0.0.1:" + proxies.get(side).address().getPort();
        }
        HostConfigFile.Addresses addresses = new HostConfigFile.Addresses(
                network.interconnect(side) + ":" + PORT,
                partner,
                network.tap(side),
                network.interconnect(side) + ":" + DISK_PORT,
                network.interconnect(side.other()) + ":" + DISK_PORT);
        return HostConfigFile.text(config, side, addresses);
    }

    private Path configFile(Side side) {
        return config.directory().resolve("host-" + side.hostName() + ".yaml");
    }

    /** The configuration of a host, as it was written. */
    public String configuration(Side side) {
        return Tail.text(configFile(side));
    }

    /** Starts a host, again if it ended. */
    public HostProcess start(Side side) throws RigException {
        Path log = config.directory().resolve("host-" + side.hostName() + ".log");
        HostProcess host = HostProcess.start(side, network.enter(side), configFile(side), config.runDir(side), log);
        synchronized (hosts) {
            if (closed) {
                host.stop(Duration.ZERO);
                throw new RigException("stopped");
            }
            hosts.put(side, host);
        }
        return host;
    }

    /** Starts both, the one without a guest of its own first: the other asks it to reserve memory. */
    public void startBoth() throws RigException {
        start(Side.B);
        start(Side.A);
    }

    /** A host that was started. */
    public HostProcess host(Side side) {
        synchronized (hosts) {
            HostProcess host = hosts.get(side);
            if (host == null) {
                throw new IllegalStateException("host " + side.hostName() + " was not started");
            }
            return host;
        }
    }

    /** What a host says, also if it was never started. */
    public HostStatus status(Side side) {
        synchronized (hosts) {
            HostProcess host = hosts.get(side);
            return host == null ? HostStatus.NONE : host.status();
        }
    }

    /** The host that says it runs the guest, null if none does or both do. */
    public Side runner() {
        boolean a = status(Side.A).isRunningGuest();
        boolean b = status(Side.B).isRunningGuest();
        return a == b ? null : a ? Side.A : Side.B;
    }

    /** Waits until something is so. {@code what} completes "waited N s for ...". */
    public void await(String what, Duration limit, BooleanSupplier condition) throws RigException {
        long deadlineNs = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            if (Thread.currentThread().isInterrupted()) {
                throw new RigException("stopped while waiting for " + what);
            }
            if (System.nanoTime() - deadlineNs > 0) {
                throw new RigException("waited " + limit.toSeconds() + " s for " + what + "; host a: " + status(Side.A)
                        + "; host b: " + status(Side.B));
            }
            Waiting.pause(LOOK_MS);
        }
    }

    /** Waits until the guest says on its console that its service runs; fails early if its first host ends. */
    public void awaitGuest(Duration limit) throws RigException {
        await("the guest to boot", limit, () -> !host(Side.A).isAlive() || hasSaid("mirror-guest: ready"));
        if (!host(Side.A).isAlive()) {
            throw new RigException(
                    "host a ended with exit code " + host(Side.A).exitCode() + " while the guest booted");
        }
    }

    /** True if the guest wrote this on its console, on whichever host it ran. */
    private boolean hasSaid(String text) {
        return Tail.text(host(Side.A).consoleLog()).contains(text)
                || Tail.text(host(Side.B).consoleLog()).contains(text);
    }

    /**
     * Waits until one host runs the guest and the other protects it, as said from now on and not a moment before; returns the host that
     * runs it.
     */
    public Side awaitProtected(Duration limit) throws RigException {
        long sinceNs = System.nanoTime();
        Side[] found = new Side[1];
        await("the guest to be protected", limit, () -> {
            found[0] = protectedSince(sinceNs);
            return found[0] != null;
        });
        return found[0];
    }

    /** The host that runs the guest and has said since then that it is protected; null if none has. */
    public Side protectedSince(long sinceNs) {
        Side side = runner();
        HostStatus status = side == null ? HostStatus.NONE : status(side);
        return status.isProtected() && status.takenNs() - sinceNs > 0 ? side : null;
    }

    /** Connects a client to the guest's service. */
    public LoadClient startClient(LoadConfig load, Duration limit) throws RigException {
        try {
            return LoadClient.start(load, new InetSocketAddress(RigNetwork.GUEST, REDIS_PORT), limit);
        } catch (IOException e) {
            throw new RigException("the client: " + e.getMessage(), e);
        }
    }

    /** Kills the host's engine and its QEMU with SIGKILL, in one breath. */
    public void kill(Side side) {
        HostProcess host = host(side);
        host.killEngine();
        host.killQemu();
    }

    /** Cuts the interconnect without a word to either side. */
    public void cut() throws RigException {
        network.cutInterconnect();
    }

    /** Mends what {@link #cut} did. */
    public void mend() throws RigException {
        network.mendInterconnect();
    }

    /** Frames that a host has put on its tap so far. */
    public long framesFrom(Side side) throws RigException {
        return network.framesFrom(side);
    }

    /** The proxy through which a host reaches its partner. */
    public ByteProxy proxy(Side dialer) {
        return proxies.get(dialer);
    }

    /** The server in front of a host's copy of the disk. */
    public DiskServer disk(Side side) {
        return disks.get(side);
    }

    /** A host's copy of the disk. */
    public Path diskImage(Side side) {
        return DiskServer.image(config.diskDir(side));
    }

    /** Where a host listens for its partner. */
    public InetSocketAddress listenAddress(Side side) {
        return new InetSocketAddress(network.interconnect(side), PORT);
    }

    /** A host's run directory. */
    public Path runDir(Side side) {
        return config.runDir(side);
    }

    /** The directory of the arbiter. */
    public Path arbiterDir() {
        return config.arbiterDir();
    }

    /** Makes a file system of its own (see {@link PairConfig}) read-only, or writable again. */
    public void writable(Path mounted, boolean writable) throws RigException {
        Tool.run("mount", "-o", "remount," + (writable ? "rw" : "ro"), mounted.toString());
    }

    /** The ends of the logs and of the guest's console, for who has to find out what went wrong. */
    public List<String> lastWords(int lines) {
        List<String> words = new ArrayList<>();
        for (Side side : Side.values()) {
            words.add("--- host " + side.hostName() + ": " + status(side));
            Tail.lines(config.directory().resolve("host-" + side.hostName() + ".log"), lines)
                    .forEach(line -> words.add("    " + line));
            words.add("--- guest console on host " + side.hostName());
            Tail.lines(config.runDir(side).resolve(PairConfig.VM + ".console.log"), lines / 2)
                    .forEach(line -> words.add("    " + line));
        }
        return words;
    }

    @Override
    public void close() {
        List<HostProcess> started;
        synchronized (hosts) {
            if (closed) {
                return;
            }
            closed = true;
            started = List.copyOf(hosts.values());
        }
        // Both are asked before either is waited for.
        List<Thread> stops = new ArrayList<>();
        for (HostProcess host : started) {
            Thread stop = new Thread(() -> host.stop(STOP_LIMIT), "stop-" + host.side());
            stop.start();
            stops.add(stop);
        }
        for (Thread stop : stops) {
            try {
                stop.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        for (ByteProxy proxy : proxies.values()) {
            try {
                proxy.close();
            } catch (IOException e) {
                log("proxy: " + e.getMessage());
            }
        }
        disks.values().forEach(DiskServer::close);
        for (Path mount : mounts) {
            try {
                Tool.run("umount", "--lazy", mount.toString());
            } catch (RigException e) {
                log("left for the end of the namespace: " + e.getMessage());
            }
        }
        network.close();
    }

    private static void log(String text) {
        System.getLogger(PairRig.class.getName()).log(System.Logger.Level.DEBUG, text);
    }
}
