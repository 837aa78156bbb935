package io.lockstep.redirect.route;

/**
 * The receipt of a move from one path to another. Times in nanoseconds, of the clock given to {@code doWork}.
 *
 * @param from the path that was left; empty at the start
 * @param to the path that took over
 * @param reason why
 * @param planned true if nothing had failed
 * @param generation what the new path was opened with
 * @param fencing how the old generation was shut out
 * @param reissued requests in doubt that were issued again
 * @param rerouted requests that had never taken effect, or were never issued, and went the new way
 * @param stuck requests that still were in the old path when the new one took over
 * @param detectNs from the issue of the request that failed to the moment this was known; 0 if no request told
 * @param openNs from then until the new path was open
 * @param fenceNs from then until older generations were shut out
 * @param firstNs from then until the first request was completed
 */
public record Reroute(
        String from,
        String to,
        String reason,
        boolean planned,
        long generation,
        String fencing,
        int reissued,
        int rerouted,
        int stuck,
        long detectNs,
        long openNs,
        long fenceNs,
        long firstNs) {
    /** From the first error to the first completion through the new path. */
    public long totalNs() {
        return openNs + fenceNs + firstNs;
    }
}
