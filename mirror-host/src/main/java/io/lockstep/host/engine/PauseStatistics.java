package io.lockstep.host.engine;

import io.lockstep.host.VmStatus;
import org.HdrHistogram.Histogram;

/** Distribution of the checkpoints' parts. Engine thread only; recording allocates nothing. */
final class PauseStatistics {
    private static final long MOST_US = 60_000_000;
    private static final int DIGITS = 2;
    private static final long NS_PER_US = 1_000;

    private final Histogram pause = new Histogram(MOST_US, DIGITS);
    private final Histogram stop = new Histogram(MOST_US, DIGITS);
    private final Histogram copy = new Histogram(MOST_US, DIGITS);
    private final Histogram rest = new Histogram(MOST_US, DIGITS);
    private final Histogram pages = new Histogram(MOST_US, DIGITS);

    void record(long pageCount, long stopNs, long copyNs, long pauseNs) {
        pause.recordValue(Math.min(MOST_US, pauseNs / NS_PER_US));
        stop.recordValue(Math.min(MOST_US, stopNs / NS_PER_US));
        copy.recordValue(Math.min(MOST_US, copyNs / NS_PER_US));
        rest.recordValue(Math.min(MOST_US, (pauseNs - stopNs - copyNs) / NS_PER_US));
        pages.recordValue(Math.min(MOST_US, pageCount));
    }

    void clear() {
        pause.reset();
        stop.reset();
        copy.reset();
        rest.reset();
        pages.reset();
    }

    VmStatus.Pause summary() {
        return new VmStatus.Pause(
                pause.getTotalCount(),
                pause.getValueAtPercentile(50),
                pause.getValueAtPercentile(99),
                pause.getMaxValue(),
                stop.getValueAtPercentile(50),
                copy.getValueAtPercentile(50),
                rest.getValueAtPercentile(50),
                pages.getValueAtPercentile(50));
    }
}
