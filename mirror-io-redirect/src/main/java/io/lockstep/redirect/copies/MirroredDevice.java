package io.lockstep.redirect.copies;

import io.lockstep.redirect.block.BlockDevice;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BlockVerb;
import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.regions.RegionLog;
import java.nio.channels.Selector;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * A disk on two copies. A write is acknowledged when both copies have it, or when one has it and that copy's log says durably that the
 * other one is stale: from then on the other one is neither written nor read until it was brought up to date. While one is away, what it
 * misses is marked; when it is back it gets that in the background. Discards become writes of zeroes where both copies have fast ones, and
 * do nothing otherwise, so that the copies stay equal byte for byte.
 *
 * <p>The copies must be good at failing: a request to a copy that cannot be reached has to end with a fault, sooner or later. With
 * {@link MirrorConfig#stallNs()} this class does not wait for it: the request is given up, its buffer kept until it returns, and the copy
 * not used again before. So the bytes of a write must stay as they are until the last reference to their buffer is gone.
 *
 * <p>Threading: the stack's thread, except {@link #start}, which may run before. No allocation per request in steady state. Owns the
 * devices and the logs: {@link #close} closes them.
 */
public final class MirroredDevice implements BlockDevice {
    private static final long BACKGROUND_NS = 1_000_000L;

    private final MirrorConfig config;
    private final BlockGeometry geometry;
    private final Mirror mirror;
    private final Prober prober;
    private final ArrayDeque<BlockRequest> queue = new ArrayDeque<>();

    private MirroredDevice(MirrorConfig config, BlockGeometry geometry, Mirror mirror) {
        this.config = config;
        this.geometry = geometry;
        this.mirror = mirror;
        this.prober = new Prober(mirror, geometry.preferredBlock());
    }

    /**
     * Makes one disk of two copies: finds out by their logs which one is right, and brings the other one up to date if need be.
     *
     * @param buffers of this disk alone: for reads when stalls are judged here, and for resync and verify
     * @param tokens random numbers, never 0
     * @throws MirrorRefusedException with every reason why the two cannot be one disk
     */
    public static MirroredDevice start(
            MirrorConfig config,
            Copy first,
            Copy second,
            BufferPool buffers,
            LongSupplier tokens,
            MirrorListener listener)
            throws MirrorRefusedException {
        List<String> refusals = new ArrayList<>();
        StartChecks.check(first, second, config, refusals);
        StartPlan plan = StartPlan.of(side(first), side(second), config, refusals);
        if (!refusals.isEmpty()) {
            throw new MirrorRefusedException(config.name(), refusals);
        }
        BlockGeometry geometry = StartChecks.common(first, second, config.blockBytes());
        int requests = 2 * config.maxWrites() + Leg.OWN;
        Leg[] legs = new Leg[2];
        for (int i = 0; i < 2; i++) {
            boolean current = plan.source() < 0 || plan.source() == i;
            CopyStatus initial = current ? CopyStatus.IN_SYNC : CopyStatus.LATCHING;
            legs[i] = new Leg(i, i == 0 ? first : second, initial, requests, listener);
        }
        int chunk = Math.min(BufferPool.MEDIUM, geometry.maxTransfer());
        Mirror mirror = new Mirror(config, legs, buffers, tokens, listener, chunk);
        mirror.begin(plan);
        return new MirroredDevice(config, geometry, mirror);
    }

    private static StartPlan.Side side(Copy copy) {
        RegionLog log = copy.log();
        return new StartPlan.Side(copy.name(), log.state(), log.markedCount() > 0, copy.device() != null);
    }

    /**
     * Brings the place of a copy that could not be reached at the start.
     *
     * @param index 0 or 1
     * @throws MirrorRefusedException if it does not fit
     */
    public void attach(int index, BlockDevice device, String identity) throws MirrorRefusedException {
        Leg leg = mirror.legs[index];
        if (leg.device != null) {
            throw new IllegalStateException("copy " + leg.name + " has a place already");
        }
        List<String> refusals = new ArrayList<>();
        StartChecks.check(new Copy(leg.name, device, leg.log, identity), config, refusals);
        BlockGeometry its = device.geometry();
        if (its.minBlock() > geometry.minBlock() || its.maxTransfer() < geometry.maxTransfer()) {
            refusals.add("copy " + leg.name + " has blocks of " + its.minBlock() + " and transfers of "
                    + its.maxTransfer() + " bytes: clients were promised " + geometry.minBlock() + " and "
                    + geometry.maxTransfer());
        }
        if (!refusals.isEmpty()) {
            throw new MirrorRefusedException(config.name(), refusals);
        }
        leg.device = device;
    }

    @Override
    public BlockGeometry geometry() {
        return geometry;
    }

    /** A look at the disk. */
    public MirrorStatus status() {
        Leg[] legs = mirror.legs;
        return new MirrorStatus(
                mirror.phase(),
                mirror.reason(),
                legs[0].status(),
                legs[0].reason(),
                legs[1].status(),
                legs[1].reason(),
                mirror.resync.doneBytes(),
                mirror.resync.leftBytes(),
                queue.size());
    }

    /** Compares the copies in the background, from the start to the end of the disk. False if not both are in sync. */
    public boolean startVerify() {
        return mirror.verifier.begin();
    }

    /** Ends a comparison. */
    public void stopVerify() {
        mirror.verifier.stop("asked to");
    }

    /** How the comparison goes, or went. */
    public VerifyReport verifyReport() {
        return mirror.verifier.report();
    }

    @Override
    public void submit(BlockRequest request) {
        if (request.verb() != BlockVerb.FLUSH
                && (!geometry.contains(request.offset(), request.length())
                        || !geometry.isAligned(request.offset(), request.length()))) {
            request.complete(BlockFault.INVALID);
        } else if (request.verb() == BlockVerb.DISCARD && !geometry.canDiscard()) {
            request.complete(BlockFault.NONE);
        } else if (request.verb() != BlockVerb.FLUSH && request.length() == 0) {
            request.complete(request.verb() == BlockVerb.STATUS ? BlockFault.INVALID : BlockFault.NONE);
        } else if (!queue.isEmpty() || !admit(request)) {
            enqueue(request);
        }
    }

    private boolean admit(BlockRequest request) {
        if (!mirror.phase().serves()) {
            return false;
        }
        if (request.verb() == BlockVerb.READ || request.verb() == BlockVerb.STATUS) {
            ReadOp op = mirror.ops.takeRead();
            if (op != null) {
                op.begin(request);
            }
            return op != null;
        }
        WriteOp op = mirror.ops.takeWrite();
        if (op != null) {
            op.begin(request);
        }
        return op != null;
    }

    private void enqueue(BlockRequest request) {
        switch (mirror.phase()) {
            case CLOSED -> request.complete(BlockFault.NOT_ISSUED);
            case GONE -> request.complete(BlockFault.IO);
            case SUSPENDED -> {
                if (queue.size() < config.queueLimit()) {
                    queue.addLast(request);
                } else {
                    request.complete(BlockFault.IO);
                }
            }
            default -> queue.addLast(request);
        }
    }

    @Override
    public int doWork(long nowNs) {
        if (mirror.phase() == MirrorPhase.CLOSED) {
            return 0;
        }
        mirror.nowNs = nowNs;
        int work = 0;
        for (Leg leg : mirror.legs) {
            work += leg.device == null ? 0 : leg.device.doWork(nowNs);
        }
        work += mirror.doWork(nowNs) + prober.doWork(nowNs);
        work += drain();
        // What was marked meanwhile goes to the log's thread now, not in the next round.
        for (Leg leg : mirror.legs) {
            work += leg.log.doWork(nowNs);
        }
        return work;
    }

    private int drain() {
        int work = 0;
        if (mirror.phase() == MirrorPhase.GONE) {
            work += queue.size();
            failQueue(BlockFault.IO);
        }
        while (!queue.isEmpty() && admit(queue.peekFirst())) {
            // Admitted while still at the head, so that what it submits in turn stays behind those that wait.
            queue.removeFirst();
            work++;
        }
        return work;
    }

    private void failQueue(BlockFault how) {
        for (int left = queue.size(); left > 0; left--) {
            queue.removeFirst().complete(how);
        }
    }

    @Override
    public void register(Selector selector) {
        for (Leg leg : mirror.legs) {
            if (leg.device != null) {
                leg.device.register(selector);
            }
        }
    }

    @Override
    public long maxIdleNs() {
        long idle = mirror.bothTakeWrites() ? config.cleanNs() : config.probeNs();
        if (!mirror.resync.isIdle() || mirror.verifier.isRunning() || !queue.isEmpty()) {
            idle = BACKGROUND_NS;
        }
        if (config.stallNs() > 0) {
            idle = Math.min(idle, config.stallNs() / 8);
        }
        for (Leg leg : mirror.legs) {
            idle = Math.min(idle, leg.log.maxIdleNs());
            idle = leg.device == null ? idle : Math.min(idle, leg.device.maxIdleNs());
        }
        return idle;
    }

    @Override
    public void close() {
        if (mirror.phase() == MirrorPhase.CLOSED) {
            return;
        }
        mirror.verifier.stop("the disk is closed");
        mirror.close();
        failQueue(BlockFault.NOT_ISSUED);
        for (Leg leg : mirror.legs) {
            if (leg.device != null) {
                leg.device.close();
            }
            leg.log.close();
        }
        mirror.end();
    }
}
