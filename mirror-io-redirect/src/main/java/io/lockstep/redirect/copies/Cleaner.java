package io.lockstep.redirect.copies;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.regions.RegionLog;

/**
 * Takes the marks of finished writes back, in rounds: a region that nobody touched for a whole round is cleared after a flush of both
 * copies, for only then no power cut can make them differ in it. Regions in steady use stay marked, so that a write to them need not wait.
 */
final class Cleaner implements LegRequest.Owner {
    private final Mirror mirror;
    private final RegionSet fresh;
    private final RegionSet candidates;
    private long nextNs;
    private boolean started;
    private int pending;
    private boolean broken;

    Cleaner(Mirror mirror, int regions) {
        this.mirror = mirror;
        this.fresh = new RegionSet(regions);
        this.candidates = new RegionSet(regions);
    }

    void touched(int firstRegion, int lastRegion) {
        for (int region = firstRegion; region <= lastRegion; region++) {
            fresh.add(region);
        }
    }

    int doWork(long nowNs) {
        if (!started) {
            started = true;
            nextNs = nowNs + mirror.config.cleanNs();
        }
        if (pending != 0 || nowNs - nextNs < 0 || !mirror.bothTakeWrites()) {
            return 0;
        }
        nextNs = nowNs + mirror.config.cleanNs();
        collect();
        if (candidates.count() == 0) {
            return 0;
        }
        flushBoth(nowNs);
        return 1;
    }

    private void collect() {
        candidates.clear();
        for (Leg leg : mirror.legs) {
            RegionLog log = leg.log;
            for (int region = log.nextMarked(0); region >= 0; region = log.nextMarked(region + 1)) {
                if (!fresh.contains(region) && !mirror.resync.isPending(region)) {
                    candidates.add(region);
                }
            }
        }
        fresh.clear();
        for (int i = 0; i < mirror.ranges.count(); i++) {
            RangeHolder holder = mirror.ranges.at(i);
            if (holder.to > holder.from) {
                RegionLog log = mirror.legs[0].log;
                touched(log.regionOf(holder.from), log.regionOf(holder.to - 1));
            }
        }
        for (int region = candidates.next(0); region >= 0; region = candidates.next(region + 1)) {
            if (fresh.contains(region)) {
                candidates.remove(region);
            }
        }
    }

    private void flushBoth(long nowNs) {
        broken = false;
        pending = 3;
        for (Leg leg : mirror.legs) {
            if (leg.status().takesWrites()) {
                LegRequest flush = leg.take(this, nowNs);
                flush.request.flush();
                flush.issue();
            } else {
                onGivenUp(leg);
            }
        }
    }

    @Override
    public void onEnd(LegRequest request, BlockFault fault) {
        pending &= ~request.leg.bit();
        if (fault != BlockFault.NONE) {
            broken = true;
            mirror.failed(request.leg, fault, "a FLUSH failed: " + fault);
        }
        if (pending == 0 && !broken) {
            for (int region = candidates.next(0); region >= 0; region = candidates.next(region + 1)) {
                if (!fresh.contains(region)) {
                    mirror.clearRegion(region);
                }
            }
        }
    }

    @Override
    public void onGivenUp(Leg leg) {
        pending &= ~leg.bit();
        broken = true;
    }
}
