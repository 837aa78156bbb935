package io.lockstep.redirect.route;

import io.lockstep.redirect.block.BlockCompletion;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.block.IoBuffer;
import io.lockstep.redirect.path.BlockPath.Link;
import java.util.ArrayList;
import java.util.List;

/**
 * Tries the paths that are not active, with the generation in use, so that it shuts nobody out; and asks to go back to an earlier path of the
 * list when that was good for long enough.
 */
final class Prober {
    private final List<Probe> probes = new ArrayList<>();
    private final RedirectConfig.Probing config;
    private final DeviceCell cell;
    private final Generations generations;
    private final Time time;
    private final Mover mover;

    /** The probe of one path: one read at a time, into a buffer of its own that it may keep as long as it hangs. */
    private static final class Probe implements BlockCompletion {
        private final Route route;
        private final BlockRequest read;
        private final IoBuffer buffer;
        private boolean outstanding;
        private boolean ended;
        private long nextNs;
        private long startNs;

        Probe(Route route, IoBuffer buffer) {
            this.route = route;
            this.buffer = buffer;
            this.read = new BlockRequest(route.rank);
        }

        @Override
        public void onDone(BlockRequest request) {
            outstanding = false;
            ended = true;
        }
    }

    Prober(Mover.Parts parts, Mover mover, BufferPool buffers) {
        this.config = parts.config().probing();
        this.cell = parts.cell();
        this.generations = parts.generations();
        this.time = parts.time();
        this.mover = mover;
        for (Route route : parts.routes()) {
            IoBuffer buffer = buffers.acquire(BufferPool.SMALL);
            if (buffer == null) {
                throw new IllegalArgumentException("the pool has no buffer for the probes of path " + route.name());
            }
            probes.add(new Probe(route, buffer));
        }
    }

    int step() {
        int work = 0;
        for (int i = 0; i < probes.size(); i++) {
            work += step(probes.get(i)) ? 1 : 0;
        }
        failBack();
        return work;
    }

    private boolean step(Probe probe) {
        Route route = probe.route;
        return switch (route.state()) {
            case CLOSED, DOWN -> begin(route);
            case PROBING -> opening(probe);
            case STANDBY -> standingBy(probe);
            case ACTIVE -> {
                if (time.watchNs() - route.sinceNs >= config.goodNs()) {
                    route.failures = 0;
                }
                yield false;
            }
            default -> false;
        };
    }

    private boolean begin(Route route) {
        if (!cell.is(DeviceState.SERVING) || !mover.mayOpen(route)) {
            return false;
        }
        route.become(PathState.PROBING, "is tried again: " + route.reason(), time.watchNs());
        route.path.open(generations.used());
        return true;
    }

    private boolean opening(Probe probe) {
        Route route = probe.route;
        Link link = route.path.link();
        if (link == Link.OPEN) {
            String mismatch = route.mismatch(mover.geometry());
            if (!mismatch.isEmpty()) {
                mover.giveUp(route, mismatch);
                return true;
            }
            if (probe.ended) {
                return judge(probe);
            }
            if (!probe.outstanding) {
                read(probe);
                return true;
            }
        } else if (link == Link.BROKEN) {
            mover.giveUp(route, "did not open: " + route.path.trouble());
            return true;
        }
        return isLate(probe, route.sinceNs);
    }

    private boolean standingBy(Probe probe) {
        Route route = probe.route;
        if (route.path.link() != Link.OPEN) {
            mover.giveUp(route, "broke: " + route.path.trouble());
            return true;
        }
        if (probe.ended) {
            return judge(probe);
        }
        if (probe.outstanding) {
            return isLate(probe, probe.startNs);
        }
        if (time.watchNs() >= probe.nextNs) {
            read(probe);
            return true;
        }
        return false;
    }

    private void read(Probe probe) {
        BlockGeometry geometry = probe.route.path.geometry();
        probe.outstanding = true;
        probe.startNs = time.watchNs();
        probe.read.read(0, Math.max(geometry.minBlock(), (int) Math.min(512, geometry.sizeBytes())), probe.buffer, 0);
        probe.read.submitTo(probe.route.path, probe);
    }

    private boolean judge(Probe probe) {
        Route route = probe.route;
        probe.ended = false;
        BlockFault fault = probe.read.fault();
        if (fault != BlockFault.NONE) {
            mover.giveUp(route, "a probe ended with " + fault);
            return true;
        }
        probe.nextNs = time.watchNs() + config.intervalNs();
        if (route.goodProbes++ == 0) {
            route.goodSinceNs = time.watchNs();
        }
        if (route.is(PathState.PROBING)) {
            route.become(PathState.STANDBY, "answers probes", time.watchNs());
        }
        return true;
    }

    private boolean isLate(Probe probe, long sinceNs) {
        if (time.watchNs() - sinceNs < config.timeoutNs()) {
            return false;
        }
        probe.ended = false;
        mover.giveUp(probe.route, "a probe did not end in time");
        return true;
    }

    private void failBack() {
        Route active = mover.active();
        if (!config.failback() || !cell.is(DeviceState.SERVING) || active == null) {
            return;
        }
        for (int i = 0; i < active.rank; i++) {
            Route route = probes.get(i).route;
            if (isGood(route)) {
                mover.plan(route, "the preferred path is good again");
                return;
            }
        }
    }

    private boolean isGood(Route route) {
        return route.is(PathState.STANDBY)
                && route.goodProbes >= config.goodProbes()
                && time.watchNs() - route.goodSinceNs >= config.goodNs();
    }
}
