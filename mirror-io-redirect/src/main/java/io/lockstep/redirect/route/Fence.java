package io.lockstep.redirect.route;

import io.lockstep.redirect.path.BlockPath;
import io.lockstep.redirect.path.BlockPath.Fencing;
import java.util.List;

/**
 * Makes sure that no write of an older generation can take effect any more before one is issued again (invariant I4). Where the far end
 * cannot promise that, the old calls must have returned, or the time after which the far end has ended them must be over, or the other
 * copies are marked stale.
 */
class Fence {
    /** How far it is. */
    enum Verdict {
        WAITS,
        PROVEN,
        REFUSED
    }

    private final List<Route> routes;
    private final RedirectConfig.Switching config;
    private final RedirectListener listener;
    private final Time time;
    private Route through;
    private long generation;
    private Attempt attempt = new Attempt();
    private String explanation = "";
    private long fenced;

    /** One attempt: a late answer to an earlier one finds nobody. */
    private static final class Attempt implements BlockPath.FenceOutcome, RedirectListener.StaleMarked {
        private String answer;

        @Override
        public void onFenced(String problem) {
            answer = problem;
        }

        @Override
        public void onMarked(String problem) {
            answer = problem;
        }
    }

    Fence(List<Route> routes, RedirectConfig config, RedirectListener listener, Time time) {
        this.routes = routes;
        this.config = config.switching();
        this.listener = listener;
        this.time = time;
    }

    /** Generations that were provably shut out. */
    long fenced() {
        return fenced;
    }

    String explanation() {
        return explanation;
    }

    void begin(Route target, long newGeneration) {
        through = target;
        generation = newGeneration;
        attempt = new Attempt();
        explanation = "waits for the fence of generation " + generation;
        if (!isNone()) {
            target.path.fence(newGeneration, attempt);
        } else if (config.unfenced() == RedirectConfig.Unfenced.MARK_STALE && leftCopy() != null) {
            explanation = "waits until the copy behind " + leftCopy().name() + " is marked stale";
            listener.onStale(leftCopy().name(), target.name(), newGeneration, attempt);
        }
    }

    private boolean isNone() {
        return through.path.fencing() == Fencing.NONE;
    }

    /** Another path that took writes, whose copy therefore misses what comes now; null if there is none. */
    private Route leftCopy() {
        for (Route route : routes) {
            if (route != through && route.written && !route.is(PathState.STALE)) {
                return route;
            }
        }
        return null;
    }

    void cancel() {
        attempt = new Attempt();
    }

    Verdict verdict() {
        if (!isNone()) {
            return answered();
        }
        if (config.unfenced() == RedirectConfig.Unfenced.MARK_STALE && leftCopy() != null) {
            return marked();
        }
        return undecided();
    }

    private Verdict answered() {
        if (attempt.answer == null) {
            return Verdict.WAITS;
        }
        if (!attempt.answer.isEmpty()) {
            explanation = "the fence failed: " + attempt.answer;
            return Verdict.REFUSED;
        }
        fenced++;
        explanation = "generations below " + generation + " shut out by " + through.path.fencing();
        forgive();
        return Verdict.PROVEN;
    }

    private Verdict marked() {
        if (attempt.answer == null) {
            return Verdict.WAITS;
        }
        if (!attempt.answer.isEmpty()) {
            explanation = "the old copy was not marked stale: " + attempt.answer;
            return Verdict.REFUSED;
        }
        if (through.undecided() > 0) {
            return undecided();
        }
        for (Route copy = leftCopy(); copy != null; copy = leftCopy()) {
            makeStale(copy);
        }
        explanation = "the old copy is marked stale";
        return Verdict.PROVEN;
    }

    private void makeStale(Route route) {
        if (route.state().isInUse()) {
            route.leave("its copy is stale", time.watchNs());
        }
        if (!route.is(PathState.STALE)) {
            route.become(
                    PathState.STALE,
                    "its copy misses what is written from generation " + generation + " on",
                    time.watchNs());
        }
    }

    private Verdict undecided() {
        for (Route route : routes) {
            if (route.is(PathState.STALE)) {
                continue;
            }
            boolean settled = config.unfenced() == RedirectConfig.Unfenced.SETTLE
                    && time.watchNs() - route.leftNs >= config.settleNs();
            if (settled) {
                route.lostWrites = 0;
            }
            if (route.undecided() > 0) {
                explanation = route.undecided() + " writes that left " + route.name()
                        + " may still take effect, and nothing can be shut out through " + through.name();
                return Verdict.WAITS;
            }
        }
        explanation = "nothing was undecided";
        return Verdict.PROVEN;
    }

    /** The proof covers all paths: what they still hold has no effect. */
    private void forgive() {
        for (Route route : routes) {
            route.forgive();
        }
    }
}
