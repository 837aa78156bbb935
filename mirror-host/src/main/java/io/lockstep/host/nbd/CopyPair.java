package io.lockstep.host.nbd;

import io.lockstep.host.config.CopiesConfig;
import io.lockstep.host.config.NbdConfig;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.copies.Copy;
import io.lockstep.redirect.copies.MirrorRefusedException;
import io.lockstep.redirect.copies.MirrorStatus;
import io.lockstep.redirect.copies.MirroredDevice;
import io.lockstep.redirect.regions.RegionLog;
import io.lockstep.redirect.regions.RegionLogConfig;
import java.io.IOException;
import java.nio.channels.Selector;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Two copies of a disk, each with its paths and its region log. A copy that cannot be reached at the start may come later.
 *
 * <p>Threading: the stack's thread.
 */
final class CopyPair implements DiskStack {
    private static final SecureRandom TOKENS = new SecureRandom();

    private final NbdConfig config;
    private final CopiesConfig copies;
    private final Runnable wakeUp;
    private final Consumer<String> log;
    private final PathStack[] stacks = new PathStack[2];
    private final CopyReports reports;
    private MirroredDevice mirror;
    /** The copy that was not there at the start, -1 if none. */
    private int late = -1;
    /** True if that one came and is no copy of this disk. */
    private boolean unfit;

    /** Starts to open the paths of both. */
    CopyPair(NbdConfig config, Runnable wakeUp, Consumer<String> log) throws IOException {
        this.config = config;
        this.copies = config.copies().orElseThrow();
        this.wakeUp = wakeUp;
        this.log = log;
        this.reports = new CopyReports(copies.verifyEveryNs(), log);
        for (int i = 0; i < 2; i++) {
            CopiesConfig.One one = copies.get(i);
            stacks[i] = new PathStack(
                    one.paths(),
                    one.state(),
                    config.redirect(),
                    false,
                    wakeUp,
                    text -> log.accept("copy " + one.name() + ": " + text));
        }
    }

    @Override
    public boolean isKnown() throws IOException {
        if (mirror == null && stacks[0].isKnown() && stacks[1].isKnown()) {
            start();
        }
        return mirror != null;
    }

    @Override
    public boolean goWithout() throws IOException {
        if (mirror == null && stacks[0].isKnown() != stacks[1].isKnown()) {
            late = stacks[0].isKnown() ? 1 : 0;
            log.accept("copy " + copies.get(late).name() + " is not there: " + stacks[late].trouble());
            start();
        }
        return mirror != null;
    }

    private void start() throws IOException {
        // Before a log is made: it would hold the size of a disk that is not the right one.
        List<String> refusals = new ArrayList<>();
        Set<String> shared = new HashSet<>(stacks[0].places());
        shared.retainAll(stacks[1].places());
        if (!shared.isEmpty()) {
            refusals.add("both copies are the same place: " + String.join(", ", shared));
        }
        long[] sizes = new long[2];
        for (int i = 0; i < 2; i++) {
            if (i != late) {
                sizes[i] = stacks[i].geometry().sizeBytes();
                if (stacks[i].geometry().readOnly()) {
                    refusals.add("copy " + copies.get(i).name() + " is read-only");
                }
            }
        }
        if (late < 0 && sizes[0] != sizes[1]) {
            refusals.add("the copies have " + sizes[0] + " and " + sizes[1] + " bytes: must be equal");
        }
        if (!refusals.isEmpty()) {
            throw new IOException("the copies cannot be one disk: " + String.join("; ", refusals));
        }
        startMirror(Math.max(sizes[0], sizes[1]));
    }

    private void startMirror(long size) throws IOException {
        RegionLogConfig logs = RegionLogConfig.of(config.export(), size);
        RegionLog first = RegionLog.open(copies.first().log(), logs, wakeUp);
        RegionLog second = null;
        try {
            second = RegionLog.open(copies.second().log(), logs, wakeUp);
            mirror = MirroredDevice.start(
                    copies.mirror(),
                    copy(0, first),
                    copy(1, second),
                    new BufferPool(256, 16, 1),
                    CopyPair::token,
                    reports);
        } catch (MirrorRefusedException e) {
            throw new IOException(e.getMessage(), e);
        } finally {
            if (mirror == null) {
                first.close();
                if (second != null) {
                    second.close();
                }
            }
        }
    }

    private Copy copy(int index, RegionLog regions) {
        return new Copy(copies.get(index).name(), index == late ? null : stacks[index], regions, "");
    }

    /** Never 0: that is a new copy's. */
    private static long token() {
        long token = TOKENS.nextLong();
        return token == 0 ? 1 : token;
    }

    @Override
    public int doWork(long nowNs) {
        if (mirror == null) {
            return stacks[0].doWork(nowNs) + stacks[1].doWork(nowNs);
        }
        int work = mirror.doWork(nowNs);
        if (late >= 0) {
            work += stacks[late].doWork(nowNs);
            attach();
        }
        reports.doWork(mirror, nowNs);
        return work;
    }

    private void attach() {
        if (unfit || !stacks[late].isKnown()) {
            return;
        }
        try {
            mirror.attach(late, stacks[late], "");
            log.accept("copy " + copies.get(late).name() + " is there now");
            late = -1;
        } catch (MirrorRefusedException e) {
            unfit = true;
            log.accept("copy " + copies.get(late).name() + " cannot be used: " + e.getMessage());
        }
    }

    @Override
    public String trouble() {
        return "copy " + copies.first().name() + ": " + stacks[0].trouble() + "; copy "
                + copies.second().name() + ": " + stacks[1].trouble();
    }

    @Override
    public String describe() {
        MirrorStatus status = mirror.status();
        return status.phase() + ", copy " + copies.first().name() + " " + status.first() + " ("
                + stacks[0].describe() + "), copy " + copies.second().name() + " " + status.second() + " ("
                + stacks[1].describe() + ")";
    }

    @Override
    public BlockGeometry geometry() {
        return mirror.geometry();
    }

    @Override
    public void submit(BlockRequest request) {
        request.passTo(mirror);
    }

    @Override
    public void register(Selector selector) {
        stacks[0].register(selector);
        stacks[1].register(selector);
    }

    @Override
    public long maxIdleNs() {
        long idle = Math.min(stacks[0].maxIdleNs(), stacks[1].maxIdleNs());
        return mirror == null ? idle : Math.min(idle, mirror.maxIdleNs());
    }

    @Override
    public void close() {
        if (mirror != null) {
            mirror.close();
        }
        for (int i = 0; i < 2; i++) {
            if (mirror == null || i == late) {
                stacks[i].close();
            }
        }
    }
}
