package io.lockstep.redirect.route;

import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.path.BlockPath.Link;
import java.util.List;

/**
 * Moves the disk from path to path.
 *
 * <pre>
 *   stop issuing -> leave the old path -> choose -> open with a new generation -> fence -> issue again -> serve
 * </pre>
 */
class Mover {
    private final DeviceCell cell;
    private final List<Route> routes;
    private final Ledger ledger;
    private final Generations generations;
    private final RedirectConfig config;
    private final Time time;
    private final Fence fence;
    private final Receipts receipts;
    private BlockGeometry geometry;
    private Route active;
    private Route target;
    private Route wish;
    private String wishReason = "";
    private String trouble;
    private boolean yields;

    Mover(Parts parts) {
        cell = parts.cell();
        routes = parts.routes();
        ledger = parts.ledger();
        generations = parts.generations();
        config = parts.config();
        time = parts.time();
        fence = parts.fence();
        receipts = parts.receipts();
    }

    Route active() {
        return active;
    }

    /** What clients were told the disk looks like; null before a path was open. */
    BlockGeometry geometry() {
        return geometry;
    }

    /** The active path is to be left. The first reason counts. Nothing is issued from now on. */
    void suspect(String why, long detectNs) {
        if (trouble == null && active != null) {
            trouble = why;
            ledger.serve(null);
            receipts.error(time.nowNs(), detectNs);
        }
    }

    /** The disk belongs to a newer owner, and is not taken back. */
    void yieldTo(String why) {
        if (trouble == null && active != null) {
            yields = true;
            suspect(why, 0);
        }
    }

    boolean isSuspected() {
        return trouble != null;
    }

    /** A planned move to a path that stands by. */
    boolean plan(Route to, String why) {
        if (!cell.is(DeviceState.SERVING) || trouble != null || to == active || !to.is(PathState.STANDBY)) {
            return false;
        }
        wish = to;
        wishReason = why;
        ledger.serve(null);
        cell.become(DeviceState.DRAINING, "moves from " + active.name() + " to " + to.name() + ": " + why);
        return true;
    }

    /** Goes as far as it can go now. */
    int step() {
        int work = 0;
        for (int i = 0; i < routes.size(); i++) {
            work += routes.get(i).settle(time.watchNs()) ? 1 : 0;
        }
        switch (cell.state()) {
            case SERVING, DRAINING -> work += watch();
            case NO_PATH -> work += retry();
            default -> {}
        }
        while (isMoving() && advance()) {
            work++;
        }
        return work;
    }

    private boolean isMoving() {
        return cell.is(DeviceState.OPENING) || cell.is(DeviceState.SWITCHING);
    }

    private int watch() {
        if (active.path.link() != Link.OPEN) {
            suspect("", 0);
            // This says more than the request that noticed it first.
            trouble = "path " + active.name() + " broke: " + active.path.trouble();
        }
        if (trouble != null) {
            Route left = active;
            String why = trouble;
            leaveActive(why);
            if (yields) {
                cell.become(DeviceState.FAILED, why + ": another owner has the disk");
                return 1;
            }
            left.backOff(time.watchNs(), config.probing().intervalNs());
            wish = null;
            receipts.begin(left, why, false);
            cell.become(DeviceState.SWITCHING, why);
            return 1;
        }
        if (cell.is(DeviceState.DRAINING) && active.issued == 0) {
            Route left = active;
            String why = wishReason;
            leaveActive("left for " + wish.name() + ": " + why);
            left.retryNs = time.watchNs() + config.probing().intervalNs();
            receipts.error(time.nowNs(), 0);
            receipts.begin(left, why, true);
            cell.become(DeviceState.SWITCHING, why);
            return 1;
        }
        generations.stockUp();
        return 0;
    }

    private void leaveActive(String why) {
        Route left = active;
        active = null;
        trouble = null;
        ledger.leave(left, why);
        left.settle(time.watchNs());
    }

    private int retry() {
        if (choose() == null) {
            return 0;
        }
        cell.become(DeviceState.SWITCHING, "tries again: " + cell.reason());
        return 1;
    }

    /** One step; false if it has to wait. */
    private boolean advance() {
        if (target == null) {
            target = choose();
            if (target == null) {
                cell.become(DeviceState.NO_PATH, "no path works" + reasons());
                return true;
            }
        }
        if (target.is(PathState.OPENING)) {
            return opening();
        }
        if (target.is(PathState.FENCING)) {
            return fencing();
        }
        return open();
    }

    private String reasons() {
        StringBuilder all = new StringBuilder();
        for (Route route : routes) {
            all.append("; ")
                    .append(route.name())
                    .append(' ')
                    .append(route.state())
                    .append(": ")
                    .append(route.reason());
        }
        return all.toString();
    }

    /** The best path to try now: the one wished for, one that stands by, one that failed least; the first of the list among equals. */
    private Route choose() {
        Route best = null;
        int bestCost = Integer.MAX_VALUE;
        for (int i = 0; i < routes.size(); i++) {
            Route route = routes.get(i);
            if (mayOpen(route)) {
                int cost = route == wish ? -1 : route.is(PathState.STANDBY) ? 0 : 1 + Math.min(route.failures, 1000);
                if (cost < bestCost) {
                    best = route;
                    bestCost = cost;
                }
            }
        }
        return best;
    }

    /** The latch: a path that was left is DOWN only when nothing of ours is in it any more. */
    boolean mayOpen(Route route) {
        return !route.heldDown
                && switch (route.state()) {
                    case STANDBY, CLOSED -> true;
                    case DOWN -> time.watchNs() >= route.retryNs;
                    default -> false;
                };
    }

    private boolean open() {
        long generation = generations.next();
        if (generation == 0) {
            cell.explain("waits for a generation to be persisted" + generations.problem());
            return false;
        }
        if (target.is(PathState.STANDBY)) {
            target.path.abandon("is opened again with generation " + generation);
            if (target.path.outstanding() > 0) {
                fail("a probe is stuck in it");
                return true;
            }
        }
        target.become(PathState.OPENING, "is opened with generation " + generation, time.watchNs());
        target.path.open(generation);
        return true;
    }

    private boolean opening() {
        Link link = target.path.link();
        if (link == Link.OPENING) {
            return isLate(config.switching().openTimeoutNs(), "it did not open in time");
        }
        if (link != Link.OPEN) {
            fail("it did not open: " + target.path.trouble());
            return true;
        }
        String mismatch = target.mismatch(geometry);
        if (!mismatch.isEmpty()) {
            fail(mismatch);
            return true;
        }
        receipts.opened(time.nowNs());
        target.become(PathState.FENCING, "makes sure that nothing older can do harm", time.watchNs());
        fence.begin(target, generations.used());
        return true;
    }

    private boolean fencing() {
        if (target.path.link() != Link.OPEN) {
            fail("it broke: " + target.path.trouble());
            return true;
        }
        Fence.Verdict verdict = fence.verdict();
        cell.explain(fence.explanation());
        return switch (verdict) {
            case WAITS -> isLate(config.switching().fenceTimeoutNs(), fence.explanation());
            case REFUSED -> {
                fail(fence.explanation());
                yield true;
            }
            case PROVEN -> {
                serve();
                yield true;
            }
        };
    }

    private boolean isLate(long limitNs, String why) {
        if (time.watchNs() - target.sinceNs < limitNs) {
            return false;
        }
        fail(why);
        return true;
    }

    /** Gives the target up; the next step chooses another one. */
    private void fail(String why) {
        Route failed = target;
        target = null;
        wish = null;
        fence.cancel();
        failed.leave(why, time.watchNs());
        failed.backOff(time.watchNs(), config.probing().intervalNs());
        failed.settle(time.watchNs());
    }

    private void serve() {
        active = target;
        target = null;
        wish = null;
        if (geometry == null) {
            geometry = active.path.geometry();
        }
        active.written = true;
        active.become(PathState.ACTIVE, fence.explanation(), time.watchNs());
        receipts.fenced(active, generations.used(), fence.explanation(), ledger, time.nowNs());
        cell.become(DeviceState.SERVING, "through " + active.name() + ", " + fence.explanation());
        ledger.serve(active);
        ledger.pump();
        generations.stockUp();
    }

    /** A path that is not active is given up; whoever needs it, chooses another one. */
    void giveUp(Route route, String why) {
        if (route == active) {
            suspect(why, 0);
        } else if (route == target && (route.is(PathState.OPENING) || route.is(PathState.FENCING))) {
            fail(why);
        } else if (route.state().isInUse()) {
            route.leave(why, time.watchNs());
            route.backOff(time.watchNs(), config.probing().intervalNs());
            route.settle(time.watchNs());
        }
    }

    /** Ends everything. */
    void close() {
        if (active != null) {
            leaveActive("closed");
        }
        target = null;
        fence.cancel();
        for (Route route : routes) {
            if (!route.is(PathState.CLOSED)) {
                route.become(PathState.CLOSED, "closed", time.watchNs());
            }
            route.path.close();
        }
    }

    /** What a mover works with. */
    record Parts(
            DeviceCell cell,
            List<Route> routes,
            Ledger ledger,
            Generations generations,
            RedirectConfig config,
            Time time,
            Fence fence,
            Receipts receipts) {}
}
