package io.lockstep.host.engine;

import io.lockstep.host.VmStatus;
import io.lockstep.host.config.GuestConfig;
import io.lockstep.host.disk.HostDisk;
import io.lockstep.hypervisor.dirty.ShimSession;
import io.lockstep.hypervisor.qemu.Accelerators;
import io.lockstep.hypervisor.qemu.GuestSpec;
import io.lockstep.hypervisor.qemu.QemuBoot;
import io.lockstep.mirror.failover.MirrorState;
import io.lockstep.mirror.replicate.LinkBoard;
import io.lockstep.mirror.spi.ReplicaDisk;
import java.io.IOException;
import java.nio.channels.Selector;
import java.nio.file.Files;
import java.util.Map;

/**
 * Starts a guest in the order that keeps the promise: first the term, then the partner's word that it has the memory, then the guest.
 *
 * <pre>
 *   CLAIMING --term won--> DISK --owned--> ADMISSION --partner accepts--> BOOTING --guest runs--> PrimaryRole
 *       '-- lost --> SecondaryRole '-- unfit       '-- refuses                '-- fails           --> FailedRole
 * </pre>
 */
final class StartingRole implements Role {
    private enum Step {
        CLAIMING,
        DISK,
        ADMISSION,
        BOOTING
    }

    private static final long NOTICE_NS = 5_000_000_000L;
    private static final long RETRY_NS = 200_000_000L;

    private final VmContext context;
    private final VmEngine engine;
    private final GuestConfig guest;
    private final GuestSpec spec;
    private final long expectedTerm;
    private Step step = Step.CLAIMING;
    private String doing;
    private HostDisk disk;
    private PrimaryLink link;
    private ShimSession shim;
    private QemuBoot boot;
    private Role following;
    private long sinceNs;
    private long claimedNs;

    StartingRole(VmContext context, VmEngine engine, GuestConfig guest, long nowNs) {
        this.context = context;
        this.engine = engine;
        this.guest = guest;
        this.spec = Accelerators.resolve(guest.spec());
        this.expectedTerm = context.arbiter().highestTerm();
        this.doing = "claiming term " + (expectedTerm + 1);
        this.sinceNs = nowNs;
        this.claimedNs = nowNs;
        context.arbiter().claim(expectedTerm, "start of the guest");
    }

    @Override
    public int doWork(long nowNs) {
        try {
            int diskWork = disk == null ? 0 : disk.doWork(nowNs);
            return diskWork
                    + switch (step) {
                        case CLAIMING -> claim(nowNs);
                        case DISK -> attach(nowNs);
                        case ADMISSION -> admission(nowNs);
                        case BOOTING -> boot(nowNs);
                    };
        } catch (IOException | IllegalArgumentException e) {
            fail(e.getMessage());
            return 1;
        }
    }

    private int claim(long nowNs) throws IOException {
        switch (context.arbiter().outcome()) {
            case WON -> {
                disk = context.openDisk(spec, engine::wakeUp);
                doing = "opening the disk";
                step = Step.DISK;
                return attach(nowNs);
            }
            case LOST -> {
                context.notice(
                        "the guest is not started here: " + context.arbiter().detail());
                following = new SecondaryRole(context, engine, nowNs);
            }
            case UNAVAILABLE -> {
                if (nowNs - claimedNs < RETRY_NS) {
                    return 0;
                }
                notice(
                        nowNs,
                        "the arbiter cannot be asked: " + context.arbiter().detail());
                context.arbiter().claim(expectedTerm, "start of the guest");
                claimedNs = nowNs;
            }
            case NONE, PENDING -> {
                return 0;
            }
        }
        return 1;
    }

    /** The disk is this host's before anybody is asked: what cannot be used is found before the guest starts. */
    private int attach(long nowNs) throws IOException {
        if (disk != null) {
            if (disk.phase() == HostDisk.Phase.OPENING) {
                return 0;
            }
            if (!disk.problem().isEmpty()) {
                fail(disk.problem());
                return 1;
            }
            if (disk.replica().ownership() == ReplicaDisk.Ownership.FOLLOWING) {
                disk.replica().own(expectedTerm + 1);
                return 1;
            }
            if (disk.replica().ownership() != ReplicaDisk.Ownership.OWNED) {
                return 0;
            }
        }
        link = new PrimaryLink(context, spec.toJson(), spec.memoryBytes(), engine::wakeUp, engine::fail);
        link.board().blockCount(disk == null ? 0 : disk.blockCount());
        link.start();
        link.board().term(expectedTerm + 1);
        link.board().seek(true);
        doing = "asking host " + context.config().partner() + " to admit the guest";
        sinceNs = nowNs;
        step = Step.ADMISSION;
        return 1;
    }

    private int admission(long nowNs) throws IOException {
        LinkBoard.Ended ended = link.board().takeEnded();
        if (ended != null && ended.refused()) {
            fail("host " + context.config().partner() + " refused to protect the guest, nothing was started: "
                    + ended.reason());
            return 1;
        }
        if (!link.board().hasOffer()) {
            notice(nowNs, "waiting for host " + context.config().partner() + ", link " + link.status());
            return 0;
        }
        Files.createDirectories(context.directory());
        GuestSpec local = context.local(spec, guest.consoleLog());
        shim = new ShimSession(context.directory().resolve("ram"), spec.memoryBytes(), context.directory());
        boot = QemuBoot.begin(local, context.directory(), shim.supported().ok() ? shim.environment() : Map.of());
        doing = "starting the guest";
        step = Step.BOOTING;
        return 1;
    }

    private int boot(long nowNs) throws IOException {
        switch (boot.poll()) {
            case RUNNING -> {
                RunningGuest running = RunningGuest.of(spec, boot.guest(), shim, context, disk);
                following = new PrimaryRole(context, engine, running, link, expectedTerm + 1, null, nowNs);
                return 1;
            }
            case FAILED -> {
                fail(boot.problem());
                return 1;
            }
            default -> {
                return 0;
            }
        }
    }

    private void notice(long nowNs, String text) {
        if (nowNs - sinceNs > NOTICE_NS) {
            sinceNs = nowNs;
            context.notice(text);
        }
    }

    private void fail(String why) {
        close();
        following = new FailedRole(context, why);
    }

    @Override
    public Role next(long nowNs) {
        return following == null ? this : following;
    }

    @Override
    public void register(Selector selector) {
        if (boot != null) {
            boot.register(selector);
        }
        if (disk != null) {
            disk.register(selector);
        }
    }

    @Override
    public VmStatus status() {
        return new VmStatus(
                context.vm(),
                VmStatus.Role.STARTING,
                MirrorState.STARTING,
                doing,
                expectedTerm,
                0,
                -1,
                "",
                link == null ? "" : link.status(),
                0,
                Map.of(),
                VmStatus.Pause.NONE,
                null,
                disk == null ? null : disk.status());
    }

    @Override
    public void close() {
        if (boot != null) {
            boot.discard("the start was given up");
        }
        Closing.quietly(shim);
        Closing.quietly(disk);
        if (link != null) {
            link.close();
        }
    }
}
