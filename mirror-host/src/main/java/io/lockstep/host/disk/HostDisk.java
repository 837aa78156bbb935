package io.lockstep.host.disk;

import io.lockstep.host.VmStatus;
import io.lockstep.host.config.CopyPath;
import io.lockstep.host.config.DiskConfig;
import io.lockstep.hypervisor.qemu.GuestSpec;
import io.lockstep.mirror.spi.GuestDisk;
import io.lockstep.mirror.spi.ReplicaDisk;
import io.lockstep.redirect.block.BlockDevice;
import io.lockstep.redirect.epoch.DiskState;
import io.lockstep.redirect.epoch.EpochDisk;
import io.lockstep.redirect.epoch.EpochDiskConfig;
import io.lockstep.redirect.epoch.EpochDiskParts;
import io.lockstep.redirect.epoch.Fence;
import io.lockstep.redirect.nbd.NbdExport;
import io.lockstep.redirect.nbd.NbdServer;
import io.lockstep.redirect.nbd.NbdServerConfig;
import io.lockstep.redirect.path.file.FilePath;
import io.lockstep.redirect.path.file.FilePathConfig;
import io.lockstep.redirect.regions.RegionLog;
import io.lockstep.redirect.regions.RegionLogConfig;
import io.lockstep.redirect.route.PathState;
import io.lockstep.redirect.route.RedirectListener;
import io.lockstep.redirect.route.RedirectStatus;
import io.lockstep.redirect.route.Reroute;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.Selector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The disk of one guest on this host, from the paths up to the servers, for as long as this host has one role and the next.
 *
 * <pre>
 *   OPENING (paths, then a journal that was left) --> READY --> ...        any --> FAILED
 * </pre>
 *
 * <p>Threading: one thread; no method blocks but {@link #open}, which reads small files.
 */
public final class HostDisk implements AutoCloseable {
    /** How far it is. */
    public enum Phase {
        /** Neither QEMU nor the core may use it. */
        OPENING,
        /** In use. */
        READY,
        /** {@link #problem()} says why. */
        FAILED
    }

    private static final long OPEN_LIMIT_NS = 10_000_000_000L;

    private final DiskSettings settings;
    private final Consumer<String> log;
    private final Runnable wakeUp;
    private final HomePaths home;
    private final RegionLog regions;
    private final Optional<FilePath> journal;
    private Optional<PartnerCopy> partner = Optional.empty();
    private EpochDisk disk;
    private NbdServer server;
    private NbdServer readServer;
    private Selector registered;
    private Phase phase = Phase.OPENING;
    private String problem = "";
    private long sinceNs = Long.MIN_VALUE;

    private HostDisk(DiskSettings settings, Runnable wakeUp, Consumer<String> log) throws IOException {
        this.settings = settings;
        this.wakeUp = wakeUp;
        this.log = log;
        DiskConfig config = settings.config();
        Files.createDirectories(config.stateDir());
        for (CopyPath path : config.paths()) {
            CopyOwner.claim(path, settings.vm(), settings.host());
        }
        regions = RegionLog.open(
                config.stateDir().resolve(settings.vm() + ".regions"),
                RegionLogConfig.of(settings.vm(), settings.bytes()),
                wakeUp);
        try {
            journal = settings.journaled() ? Optional.of(openJournal()) : Optional.empty();
        } catch (IOException | RuntimeException e) {
            regions.close();
            throw e;
        }
        home = new HomePaths(settings, config.partner().isPresent(), wakeUp, new Listener());
    }

    /**
     * Starts to open it.
     *
     * @param wakeUp makes the engine thread call {@link #doWork} soon; called from any thread
     * @param log takes one line per event
     * @throws IOException if a file of it cannot be used, and why
     */
    public static HostDisk open(DiskSettings settings, Runnable wakeUp, Consumer<String> log) throws IOException {
        if (settings.config().topology() == DiskConfig.Topology.SHARED) {
            throw new IOException("topology 'shared' cannot be used with a mirrored guest yet: use copies");
        }
        return new HostDisk(settings, wakeUp, log);
    }

    private EpochDiskConfig epochConfig() {
        return EpochDiskSizes.of(settings.config());
    }

    private FilePath openJournal() throws IOException {
        Path file = settings.config().stateDir().resolve(settings.vm() + ".journal");
        long bytes = EpochDisk.journalBytes(epochConfig());
        try (RandomAccessFile sized = new RandomAccessFile(file.toFile(), "rw")) {
            if (sized.length() < bytes) {
                sized.setLength(bytes);
            }
        }
        FilePath path = new FilePath(FilePathConfig.of("journal", file, FilePathConfig.Direct.PREFER), wakeUp);
        path.open(1);
        return path;
    }

    /** Does what can be done now. Returns 0 if there was nothing to do. */
    public int doWork(long nowNs) {
        if (phase == Phase.FAILED) {
            return 0;
        }
        if (disk == null) {
            return open(nowNs);
        }
        int work = server.doWork(nowNs);
        work += readServer == null ? 0 : readServer.doWork(nowNs);
        if (phase == Phase.OPENING && disk.state() != DiskState.OPENING) {
            phase = Phase.READY;
            work++;
        }
        if (phase == Phase.OPENING && !disk.problem().isEmpty()) {
            fail(disk.problem());
        }
        return work;
    }

    private int open(long nowNs) {
        if (sinceNs == Long.MIN_VALUE) {
            sinceNs = nowNs;
        }
        int work = home.device().doWork(nowNs);
        for (FilePath path : journal.stream().toList()) {
            work += path.doWork(nowNs);
        }
        boolean journalOpen = journal.isEmpty() || journal.get().link() == FilePath.Link.OPEN;
        if (home.isOpen() && journalOpen) {
            assemble();
            return 1;
        }
        if (nowNs - sinceNs > OPEN_LIMIT_NS) {
            String why = journalOpen ? home.trouble() : journal.get().trouble();
            fail("not open within " + OPEN_LIMIT_NS / 1_000_000_000L + " s: " + why);
        }
        return work;
    }

    private void assemble() {
        String unfit = home.unfit(settings);
        if (!unfit.isEmpty()) {
            fail(unfit);
            return;
        }
        partner = settings.config()
                .partner()
                .map(address -> new PartnerCopy(address, home.device().geometry(), new RedirectListener() {}));
        SecureRandom random = new SecureRandom();
        try {
            disk = EpochDisk.open(
                    epochConfig(),
                    new EpochDiskParts(
                            home.device(),
                            partner.map(copy -> copy),
                            Optional.of(regions),
                            journal.map(path -> path),
                            Fence.NONE,
                            random::nextLong));
            serve();
        } catch (IOException | IllegalArgumentException e) {
            fail(e.getMessage());
        }
    }

    private void serve() throws IOException {
        Files.deleteIfExists(settings.socket());
        server = new NbdServer(
                DiskServers.forGuest(settings.socket()), List.of(NbdExport.of(GuestSpec.DISK_EXPORT, disk)), log);
        if (settings.config().serve().isPresent()) {
            NbdServerConfig config =
                    DiskServers.forPartner(settings.config().serve().get());
            NbdExport export = new NbdExport(PartnerCopy.EXPORT, "", disk, true, Optional.empty());
            readServer = new NbdServer(config, List.of(export), log);
        }
    }

    private void fail(String why) {
        problem = "disk of guest '" + settings.vm() + "': " + why;
        phase = Phase.FAILED;
        release();
    }

    /** How far it is. */
    public Phase phase() {
        return phase;
    }

    /** Why it is FAILED; empty otherwise. */
    public String problem() {
        return problem;
    }

    /** Size of the disk in blocks of 4 KiB. */
    public long blockCount() {
        return settings.bytes() / EpochDiskSizes.BLOCK;
    }

    /** For the side that follows. Legal when READY. */
    public ReplicaDisk replica() {
        return disk;
    }

    /** For the side that runs the guest. Legal when the replica is OWNED. */
    public GuestDisk guest() {
        return disk.asGuestDisk();
    }

    /** True if everything the guest wrote is in this host's copy and durable, or never will be. */
    public boolean isSettled() {
        return phase != Phase.READY || !disk.problem().isEmpty() || disk.isSettled();
    }

    /** Registers the channels to wait for. */
    public void register(Selector selector) {
        if (phase == Phase.FAILED) {
            return;
        }
        if (disk == null) {
            home.device().register(selector);
            return;
        }
        if (registered != selector) {
            registered = selector;
            server.register(selector);
            if (readServer != null) {
                readServer.register(selector);
            }
        }
        disk.register(selector);
    }

    /** How it stands. */
    public VmStatus.Disk status() {
        RedirectStatus status = home.status();
        String copy = phase == Phase.FAILED || (disk != null && !disk.problem().isEmpty())
                ? "broken"
                : disk != null && disk.isAway() ? "left" : "good";
        String reason = !problem.isEmpty() ? problem : disk == null ? "" : disk.problem();
        if (reason.isEmpty() && !copy.equals("good")) {
            reason = home.trouble();
        }
        return new VmStatus.Disk(
                disk == null ? phase.name() : disk.state().name(),
                copy,
                status.active(),
                reason,
                DiskCounters.of(status.counts(), disk, partner.orElse(null)));
    }

    @Override
    public void close() {
        if (phase != Phase.FAILED) {
            phase = Phase.FAILED;
            problem = "closed";
            release();
        }
    }

    private void release() {
        closeQuietly(server);
        closeQuietly(readServer);
        if (disk != null) {
            disk.close();
        } else {
            home.device().close();
            journal.ifPresent(BlockDevice::close);
        }
        closeQuietly(regions);
        try {
            Files.deleteIfExists(settings.socket());
        } catch (IOException e) {
            log.accept("disk: " + e.getMessage());
        }
    }

    private void closeQuietly(AutoCloseable part) {
        try {
            if (part != null) {
                part.close();
            }
        } catch (Exception e) {
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            log.accept("disk: " + e.getMessage());
        }
    }

    /** Tells people what happens to the paths. */
    private final class Listener implements RedirectListener {
        @Override
        public void onPath(String path, PathState from, PathState to, String reason) {
            if (to == PathState.LEFT || to == PathState.ACTIVE) {
                log.accept("disk path " + path + ": " + to + (reason.isEmpty() ? "" : ", " + reason));
            }
        }

        @Override
        public void onReroute(Reroute receipt) {
            if (!receipt.from().isEmpty()) {
                log.accept("disk moved: " + receipt);
            }
        }
    }
}
