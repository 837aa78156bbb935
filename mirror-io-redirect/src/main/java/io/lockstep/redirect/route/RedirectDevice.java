package io.lockstep.redirect.route;

import io.lockstep.redirect.block.BlockDevice;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BlockVerb;
import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.path.BlockPath;
import io.lockstep.redirect.path.GenerationStore;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A disk over several paths that lead to the same bytes. One path is active. It is left on an error, when a request of a client takes longer
 * than its deadline, when its link breaks, or when a monitor says so; the next one is opened with a new generation, shuts the old ones
 * out, and gets what is in doubt, in the order of submission. The client sees a longer wait.
 *
 * <p>Requests that overlap are ordered by their submission if one of them changes content. A request that was issued keeps its buffer for as
 * long as a call may touch it, also after its client was answered ({@link BlockRequest} of this layer's own); how many such calls there may
 * be is bounded, and when the bound is reached new requests wait.
 *
 * <p>A write that was completed before a move, but not flushed, is taken to be in the target's cache, which all paths share; a FLUSH through
 * the new path makes it durable. Paths must therefore not cache on their own hosts (O_DIRECT, or a server that writes through).
 *
 * <p>Threading: the stack's thread. {@link #geometry} throws before the first path was open.
 */
public final class RedirectDevice implements BlockDevice {
    private static final int MOST_PATHS = 64;
    private static final long TICKS_PER_DEADLINE = 8;

    private final List<Route> routes = new ArrayList<>();
    private final RedirectConfig config;
    private final Time time;
    private final Deadline deadline;
    private final DeviceCell cell;
    private final Generations generations;
    private final Ledger ledger;
    private final Receipts receipts;
    private final Fence fence;
    private final Mover mover;
    private final Prober prober;
    private long nextTickNs;
    private long stalls;

    /**
     * A disk that starts to open its paths with the first {@link #doWork}.
     *
     * @param paths in order of preference, with different names
     * @param store keeps the generation
     * @param buffers for reads and probes: one small one for each path, and as many as reads may be on their way
     */
    public RedirectDevice(
            List<? extends BlockPath> paths,
            RedirectConfig config,
            GenerationStore store,
            BufferPool buffers,
            RedirectListener listener) {
        this(paths, config, store, buffers, listener, new Makers());
    }

    /** Makes the parts; tests plant their mistakes here. */
    static class Makers {
        Ledger ledger(RedirectConfig config, BufferPool buffers, Deadline deadline, Time time, Ledger.Owner owner) {
            return new Ledger(config, buffers, deadline, time, owner);
        }

        Fence fence(List<Route> routes, RedirectConfig config, RedirectListener listener, Time time) {
            return new Fence(routes, config, listener, time);
        }

        Mover mover(Mover.Parts parts) {
            return new Mover(parts);
        }
    }

    RedirectDevice(
            List<? extends BlockPath> paths,
            RedirectConfig config,
            GenerationStore store,
            BufferPool buffers,
            RedirectListener listener,
            Makers makers) {
        check(paths);
        this.config = config;
        for (BlockPath path : paths) {
            routes.add(new Route(path, routes.size(), listener));
        }
        time = new Time(Math.max(1, config.deadline().floorNs() / 2));
        deadline = new Deadline(config.deadline());
        cell = new DeviceCell(listener);
        generations = new Generations(store);
        receipts = new Receipts(listener);
        ledger = makers.ledger(config, buffers, deadline, time, new Judge());
        fence = makers.fence(routes, config, listener, time);
        Mover.Parts parts = new Mover.Parts(cell, routes, ledger, generations, config, time, fence, receipts);
        mover = makers.mover(parts);
        prober = new Prober(parts, mover, buffers);
    }

    private static void check(List<? extends BlockPath> paths) {
        if (paths.isEmpty() || paths.size() > MOST_PATHS) {
            throw new IllegalArgumentException(
                    "a disk with " + paths.size() + " paths: must be from 1 to " + MOST_PATHS);
        }
        Set<String> names = new HashSet<>();
        for (BlockPath path : paths) {
            if (!names.add(path.name())) {
                throw new IllegalArgumentException("two paths are named " + path.name());
            }
        }
    }

    /** Answers what the ledger asks. */
    private final class Judge implements Ledger.Owner {
        @Override
        public void onPathFault(Child child) {
            if (child.request.fault() == BlockFault.FENCED && config.switching().yieldsWhenFenced()) {
                mover.yieldTo("path " + child.route.name() + " was fenced");
                return;
            }
            long tookNs = child.issuedNs == Child.NOT_STAMPED ? 0 : time.watchNs() - child.issuedNs;
            mover.suspect(
                    "path " + child.route.name() + ": " + child.request + " ended with " + child.request.fault(),
                    tookNs);
        }

        @Override
        public boolean hasUntried(long answeredBy) {
            for (Route route : routes) {
                if (route.is(PathState.STANDBY) && !route.heldDown && (answeredBy & (1L << route.rank)) == 0) {
                    return true;
                }
            }
            return false;
        }

        @Override
        public void onAnswered(BlockFault fault) {
            receipts.onAnswered(fault, time.nowNs());
        }
    }

    @Override
    public BlockGeometry geometry() {
        if (mover.geometry() == null) {
            throw new IllegalStateException("no path of the disk was open yet: " + cell.reason());
        }
        return mover.geometry();
    }

    @Override
    public void submit(BlockRequest request) {
        BlockFault refusal = refusal(request);
        if (refusal != BlockFault.NONE) {
            request.complete(refusal);
        } else if (!ledger.submit(request)) {
            request.complete(BlockFault.NOT_ISSUED);
        }
    }

    private BlockFault refusal(BlockRequest request) {
        if (cell.is(DeviceState.CLOSED)
                || cell.is(DeviceState.FAILED)
                || (cell.is(DeviceState.NO_PATH) && !config.noPath().queue())) {
            return BlockFault.NOT_ISSUED;
        }
        BlockGeometry geometry = mover.geometry();
        if (geometry == null || request.verb() == BlockVerb.FLUSH) {
            return BlockFault.NONE;
        }
        boolean fits = geometry.contains(request.offset(), request.length())
                && (request.data() == null || request.length() <= geometry.maxTransfer());
        return fits ? BlockFault.NONE : BlockFault.INVALID;
    }

    @Override
    public int doWork(long nowNs) {
        time.advance(nowNs);
        ledger.stamp();
        int work = 0;
        for (int i = 0; i < routes.size(); i++) {
            work += routes.get(i).path.doWork(nowNs);
        }
        if (cell.is(DeviceState.CLOSED)) {
            return work + ledger.expire(0);
        }
        if (time.watchNs() >= nextTickNs) {
            tick();
        }
        work += mover.step();
        work += prober.step();
        if (ledger.waiting() > 0) {
            ledger.pump();
        }
        return work;
    }

    private void tick() {
        deadline.refresh(time.watchNs());
        nextTickNs = time.watchNs() + deadline.leastNs() / TICKS_PER_DEADLINE;
        Child late = mover.active() == null ? null : ledger.overdue();
        if (late != null && !mover.isSuspected()) {
            stalls++;
            long tookNs = time.watchNs() - late.issuedNs;
            mover.suspect(
                    "path " + late.route.name() + " stalls: " + late.request + " has not ended in " + tookNs / 1_000_000
                            + " ms, the limit is " + deadline.limitNs(late.request) / 1_000_000,
                    tookNs);
        }
        boolean failsNow = cell.is(DeviceState.FAILED)
                || (cell.is(DeviceState.NO_PATH) && !config.noPath().queue());
        ledger.expire(failsNow ? 0 : config.noPath().queueNs());
    }

    @Override
    public void register(Selector selector) {
        for (Route route : routes) {
            route.path.register(selector);
        }
    }

    @Override
    public long maxIdleNs() {
        if (mover.isSuspected()) {
            return 0;
        }
        long most = cell.is(DeviceState.SERVING) ? deadline.leastNs() / TICKS_PER_DEADLINE : 1_000_000L;
        for (int i = 0; i < routes.size(); i++) {
            most = Math.min(most, routes.get(i).path.maxIdleNs());
        }
        return Math.min(most, config.deadline().floorNs() / 2);
    }

    /** A monitor says that a path is down: it is left, and not used before {@link #pathUp}. */
    public void pathDown(String name, String reason) {
        Route route = find(name);
        route.heldDown = true;
        mover.giveUp(route, "monitor: " + reason);
    }

    /** A monitor says that a path may be good again: it is tried now. */
    public void pathUp(String name) {
        Route route = find(name);
        route.heldDown = false;
        route.retryNs = time.watchNs();
    }

    /** A planned move: what is on its way ends first. False if the path does not stand by, or the disk does not serve. */
    public boolean moveTo(String name, String reason) {
        return mover.plan(find(name), reason);
    }

    /** The owner made the copy behind a STALE path whole again. */
    public void rejoin(String name) {
        Route route = find(name);
        if (route.is(PathState.STALE) && route.path.outstanding() == 0) {
            route.lostWrites = 0;
            route.written = false;
            route.become(PathState.DOWN, "its copy was made whole", time.watchNs());
            route.retryNs = time.watchNs();
        }
    }

    /** A person vouches that nothing that left this path can take effect any more, because whatever held it is off. */
    public void confirmFenced(String name) {
        find(name).lostWrites = 0;
    }

    private Route find(String name) {
        for (Route route : routes) {
            if (route.name().equals(name)) {
                return route;
            }
        }
        throw new IllegalArgumentException("there is no path named " + name);
    }

    /** The disk now. Allocates: not for the data path. */
    public RedirectStatus status() {
        List<RedirectStatus.Path> paths = new ArrayList<>();
        for (Route route : routes) {
            paths.add(new RedirectStatus.Path(
                    route.name(), route.state(), route.reason(), route.issued, route.undecided(), route.goodProbes));
        }
        Tally tally = ledger.tally;
        RedirectStatus.Counts counts = new RedirectStatus.Counts(
                tally.completed,
                tally.failed,
                receipts.switches(),
                receipts.plannedMoves(),
                tally.reissued,
                tally.rerouted,
                fence.fenced(),
                tally.quarantined,
                tally.quarantinedEver,
                stalls,
                tally.longestGapNs);
        String active = mover.active() == null ? "" : mover.active().name();
        return new RedirectStatus(
                cell.state(),
                cell.reason(),
                active,
                generations.used(),
                deadline.leastNs(),
                ledger.live(),
                paths,
                counts);
    }

    @Override
    public void close() {
        if (!cell.is(DeviceState.CLOSED)) {
            cell.become(DeviceState.CLOSED, "closed by its owner");
            mover.close();
            ledger.expire(0);
        }
    }
}
