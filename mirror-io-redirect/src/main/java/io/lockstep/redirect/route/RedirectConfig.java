package io.lockstep.redirect.route;

import java.util.ArrayList;
import java.util.List;

/**
 * How a redirected disk behaves. Times in nanoseconds.
 *
 * @param bounds how much may be on its way
 * @param deadline when a request that does not end counts as a stall of its path
 * @param switching how the disk moves to another path
 * @param probing how paths that are not active are tried, and when the disk goes back
 * @param noPath what happens to requests while no path works
 */
public record RedirectConfig(
        Bounds bounds, DeadlineConfig deadline, Switching switching, Probing probing, NoPath noPath) {
    /** Works for disks behind HBAs and LANs. */
    public static final RedirectConfig DEFAULT = new RedirectConfig(
            new Bounds(1024, 256),
            DeadlineConfig.DEFAULT,
            new Switching(2_000_000_000L, 2_000_000_000L, 2, Unfenced.REFUSE, 0, false),
            new Probing(1_000_000_000L, 1_000_000_000L, true, 5, 10_000_000_000L),
            new NoPath(true, 30_000_000_000L));

    /** What to do on a path through which nothing can be shut out, while a write may still be stuck in an older path. */
    public enum Unfenced {
        /** Wait for the old calls to return; try other paths meanwhile. The safe choice. */
        REFUSE,
        /** As REFUSE, but writes whose connection was lost count as ended after {@code settleNs}: the far end promises that. */
        SETTLE,
        /** The paths lead to different copies: declare the other ones stale, durably, and go on. */
        MARK_STALE
    }

    /**
     * How much may be on its way.
     *
     * @param maxRequests requests the disk takes, waiting ones included; the clients' own bounds must be below it, more than these fail
     * @param maxIssued requests below this layer, those included that are stuck in a path that was left
     */
    public record Bounds(int maxRequests, int maxIssued) {}

    /**
     * How the disk moves to another path.
     *
     * @param openTimeoutNs longest time to open a path
     * @param fenceTimeoutNs longest time to shut out older generations through it
     * @param errorAttempts a request that ends with an error that many times, and on every path that is good, gets the error: the medium's
     * @param unfenced what to do where nothing can be shut out
     * @param settleNs see {@link Unfenced#SETTLE}
     * @param yieldsWhenFenced true if a newer owner (another host with a newer term) keeps the disk and this one FAILs; false if there can be
     *     none, so that a fence that is met is just a path that fails
     */
    public record Switching(
            long openTimeoutNs,
            long fenceTimeoutNs,
            int errorAttempts,
            Unfenced unfenced,
            long settleNs,
            boolean yieldsWhenFenced) {}

    /**
     * How paths that are not active are tried.
     *
     * @param intervalNs time between two probes of a path
     * @param timeoutNs longest time a probe may take
     * @param failback true if the disk goes back to an earlier path of the list when that is good again
     * @param goodProbes probes that must succeed in a row before that ...
     * @param goodNs ... and the time for which the path must have been good
     */
    public record Probing(long intervalNs, long timeoutNs, boolean failback, int goodProbes, long goodNs) {}

    /**
     * What happens while no path works.
     *
     * @param queue true if requests wait, false if they fail at once
     * @param queueNs longest time a request waits for a path, also while one is being opened
     */
    public record NoPath(boolean queue, long queueNs) {}

    private static final int MOST_REQUESTS = 65_536;

    /** Checks every value and names all that are wrong. */
    public RedirectConfig {
        List<String> wrong = new ArrayList<>();
        within(wrong, "bounds.maxRequests", bounds.maxRequests, 1, MOST_REQUESTS);
        within(wrong, "bounds.maxIssued", bounds.maxIssued, 1, MOST_REQUESTS);
        within(wrong, "switching.openTimeoutNs", switching.openTimeoutNs, 1, Long.MAX_VALUE);
        within(wrong, "switching.fenceTimeoutNs", switching.fenceTimeoutNs, 1, Long.MAX_VALUE);
        within(wrong, "switching.errorAttempts", switching.errorAttempts, 1, Integer.MAX_VALUE);
        within(wrong, "switching.settleNs", switching.settleNs, 0, Long.MAX_VALUE);
        within(wrong, "probing.intervalNs", probing.intervalNs, 1, Long.MAX_VALUE);
        within(wrong, "probing.timeoutNs", probing.timeoutNs, 1, Long.MAX_VALUE);
        within(wrong, "probing.goodProbes", probing.goodProbes, 1, Integer.MAX_VALUE);
        within(wrong, "probing.goodNs", probing.goodNs, 0, Long.MAX_VALUE);
        within(wrong, "noPath.queueNs", noPath.queueNs, 1, Long.MAX_VALUE);
        if (switching.unfenced == Unfenced.SETTLE && switching.settleNs == 0) {
            wrong.add("switching.settleNs is 0: SETTLE needs the time after which the far end has ended every request");
        }
        if (!wrong.isEmpty()) {
            throw new IllegalArgumentException(String.join("; ", wrong));
        }
    }

    private static void within(List<String> wrong, String key, long value, long least, long most) {
        if (value < least || value > most) {
            wrong.add(key + " is " + value + ": must be from " + least + " to " + most);
        }
    }

    /** The same with other bounds. */
    public RedirectConfig withBounds(Bounds other) {
        return new RedirectConfig(other, deadline, switching, probing, noPath);
    }

    /** The same with another deadline. */
    public RedirectConfig withDeadline(DeadlineConfig other) {
        return new RedirectConfig(bounds, other, switching, probing, noPath);
    }

    /** The same with another way to move. */
    public RedirectConfig withSwitching(Switching other) {
        return new RedirectConfig(bounds, deadline, other, probing, noPath);
    }

    /** The same with other probes. */
    public RedirectConfig withProbing(Probing other) {
        return new RedirectConfig(bounds, deadline, switching, other, noPath);
    }

    /** The same with another policy for the time without a path. */
    public RedirectConfig withNoPath(NoPath other) {
        return new RedirectConfig(bounds, deadline, switching, probing, other);
    }
}
