package io.lockstep.redirect.route;

import java.util.List;

/**
 * A redirected disk at one moment.
 *
 * @param state where it is
 * @param reason why, for people
 * @param active name of the active path; empty if there is none
 * @param generation the highest that was used
 * @param deadlineNs how long a small read or write may take now
 * @param live requests of clients that have not ended
 * @param paths in order of preference
 * @param counts since it was made
 */
public record RedirectStatus(
        DeviceState state,
        String reason,
        String active,
        long generation,
        long deadlineNs,
        int live,
        List<Path> paths,
        Counts counts) {
    /**
     * One path.
     *
     * @param name its name
     * @param state where it is
     * @param reason why, for people
     * @param issued requests below, stuck ones included
     * @param undecided writes that left it and may still take effect, as far as is proven
     * @param goodProbes probes in a row that succeeded
     */
    public record Path(String name, PathState state, String reason, int issued, int undecided, int goodProbes) {}

    /**
     * What happened, in numbers.
     *
     * @param completed requests that ended
     * @param failed requests that ended with an error
     * @param switches moves to another path, planned ones included
     * @param planned planned moves
     * @param reissued requests in doubt that were issued again
     * @param rerouted requests that had taken no effect and went another way
     * @param fenced generations that were provably shut out
     * @param quarantined requests that are stuck in paths that were left
     * @param quarantinedEver the same, all there ever were
     * @param stalls deadlines that passed
     * @param longestGapNs longest time without a completion while there were requests
     */
    public record Counts(
            long completed,
            long failed,
            long switches,
            long planned,
            long reissued,
            long rerouted,
            long fenced,
            int quarantined,
            long quarantinedEver,
            long stalls,
            long longestGapNs) {}
}
