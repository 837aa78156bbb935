package io.lockstep.redirect.route;

import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BlockVerb;

/** How long a request may take, from how long the recent ones took. */
final class Deadline {
    private static final int MIB_SHIFT = 20;

    private final DeadlineConfig config;
    private final Latencies quick = new Latencies();
    private final Latencies slow = new Latencies();
    private long quickLimitNs;
    private long slowLimitNs;
    private long windowStartNs = Long.MIN_VALUE;

    Deadline(DeadlineConfig config) {
        this.config = config;
        this.quickLimitNs = config.floorNs();
        this.slowLimitNs = config.slowFloorNs();
    }

    void ended(BlockRequest request, long tookNs) {
        (isSlow(request.verb()) ? slow : quick).record(tookNs);
    }

    /** Looks at the recent past again; called some times a second. */
    void refresh(long nowNs) {
        if (nowNs - config.windowNs() >= windowStartNs) {
            windowStartNs = nowNs;
            quick.turn();
            slow.turn();
        }
        quickLimitNs = limit(config.floorNs(), quick);
        slowLimitNs = limit(config.slowFloorNs(), slow);
    }

    private long limit(long floorNs, Latencies latencies) {
        return Math.min(config.ceilingNs(), Math.max(floorNs, config.factor() * latencies.p99Ns()));
    }

    long limitNs(BlockRequest request) {
        long allowance = (request.length() >>> MIB_SHIFT) * config.perMibNs();
        return (isSlow(request.verb()) ? slowLimitNs : quickLimitNs) + Math.max(0, allowance);
    }

    /** The shortest limit there is. */
    long leastNs() {
        return quickLimitNs;
    }

    private static boolean isSlow(BlockVerb verb) {
        return verb == BlockVerb.FLUSH || verb == BlockVerb.DISCARD || verb == BlockVerb.WRITE_ZEROES;
    }

    /**
     * Counts in buckets of a width that grows with the value (four to each power of two), in two windows: the one that fills and the one
     * before it. An estimate of a percentile from them is at most a quarter too high.
     */
    private static final class Latencies {
        private static final int STEP_BITS = 2;
        private static final int BUCKETS = 64 << STEP_BITS;
        private static final int LEAST_SAMPLES = 100;

        private int[] now = new int[BUCKETS];
        private int[] before = new int[BUCKETS];
        private int countNow;
        private int countBefore;

        void record(long tookNs) {
            now[bucket(Math.max(1, tookNs))]++;
            countNow++;
        }

        void turn() {
            int[] swap = before;
            before = now;
            countBefore = countNow;
            now = swap;
            java.util.Arrays.fill(now, 0);
            countNow = 0;
        }

        /** 0 as long as too little is known. */
        long p99Ns() {
            int total = countNow + countBefore;
            if (total < LEAST_SAMPLES) {
                return 0;
            }
            int above = total / 100;
            int bucket = BUCKETS - 1;
            for (int seen = 0; bucket > 0; bucket--) {
                seen += now[bucket] + before[bucket];
                if (seen > above) {
                    break;
                }
            }
            return upperBound(bucket);
        }

        private static int bucket(long value) {
            int magnitude = 63 - Long.numberOfLeadingZeros(value);
            int step = magnitude >= STEP_BITS ? (int) (value >>> (magnitude - STEP_BITS)) & ((1 << STEP_BITS) - 1) : 0;
            return (magnitude << STEP_BITS) + step;
        }

        private static long upperBound(int bucket) {
            int magnitude = bucket >>> STEP_BITS;
            long step = (bucket & ((1 << STEP_BITS) - 1)) + 1L;
            long base = 1L << magnitude;
            return magnitude >= STEP_BITS ? base + (step << (magnitude - STEP_BITS)) : base << 1;
        }
    }
}
