package io.lockstep.redirect.copies;

import io.lockstep.redirect.regions.CopyState;
import java.util.List;

/**
 * Which copy is right when a disk starts, by what their logs say.
 *
 * @param source the copy that is right, 0 or 1; -1: both hold the same
 * @param full true if every region must be copied, false if what is marked is enough
 * @param told true if the configuration decided
 * @param reason in words
 */
record StartPlan(int source, boolean full, boolean told, String reason) {
    /** What a copy brings. */
    record Side(String name, CopyState state, boolean marked, boolean present) {}

    /** The plan; null if the copies do not say which one is right, with the reasons added to {@code refusals}. */
    static StartPlan of(Side first, Side second, MirrorConfig config, List<String> refusals) {
        StartPlan plan = byTokens(first, second, config.preferred());
        if (plan == null) {
            plan = byConfig(first, second, config.source());
        }
        if (plan == null) {
            refusals.add("the copies do not say which one is right (" + describe(first) + "; " + describe(second)
                    + "): name the source in the configuration, the other copy is then overwritten");
            return null;
        }
        if (plan.source >= 0 && !(plan.source == 0 ? first : second).present) {
            refusals.add("copy " + (plan.source == 0 ? first : second).name
                    + " is the one that is right, and it cannot be reached");
            return null;
        }
        return plan;
    }

    private static StartPlan byTokens(Side first, Side second, int preferred) {
        CopyState one = first.state;
        CopyState two = second.state;
        if (one.isUsable() && two.isUsable() && one.token() == two.token()) {
            return bothCurrent(first, second, preferred);
        }
        if (isHalfIntroduced(one, two) || isHalfIntroduced(two, one)) {
            return new StartPlan(-1, false, true, "both copies were told to be equal when the disk was last started");
        }
        boolean firstIsRight = one.isUsable() && mayFollow(two, one);
        boolean secondIsRight = two.isUsable() && mayFollow(one, two);
        if (firstIsRight == secondIsRight) {
            return null;
        }
        String name = firstIsRight ? first.name : second.name;
        return new StartPlan(firstIsRight ? 0 : 1, false, false, "copy " + name + " was written to alone");
    }

    /** The process ended between the two last steps of making two new copies equal: nothing was written since. */
    private static boolean isHalfIntroduced(CopyState ready, CopyState waiting) {
        return ready.isUsable()
                && ready.baseToken() == 0
                && waiting.token() == 0
                && waiting.baseToken() == ready.token();
    }

    private static StartPlan bothCurrent(Side first, Side second, int preferred) {
        if (!first.present || !second.present) {
            return new StartPlan(
                    first.present ? 0 : 1,
                    false,
                    false,
                    "copy " + (first.present ? second : first).name + " cannot be reached");
        }
        if (first.marked || second.marked) {
            return new StartPlan(preferred, false, false, "writes were on their way when the disk was last used");
        }
        return new StartPlan(-1, false, false, "both copies are equal");
    }

    /** True if {@code behind} misses at most what is marked beside {@code ahead}. */
    private static boolean mayFollow(CopyState behind, CopyState ahead) {
        return behind.token() != 0 && (behind.token() == ahead.baseToken() || behind.token() == ahead.token());
    }

    private static StartPlan byConfig(Side first, Side second, MirrorConfig.Source source) {
        return switch (source) {
            case REFUSE -> null;
            case FIRST -> new StartPlan(0, true, true, "copy " + first.name + " is the source by configuration");
            case SECOND -> new StartPlan(1, true, true, "copy " + second.name + " is the source by configuration");
            case EQUAL ->
                first.state.token() == 0 && second.state.token() == 0 && first.present && second.present
                        ? new StartPlan(-1, false, true, "both copies are new and equal by configuration")
                        : null;
        };
    }

    private static String describe(Side side) {
        CopyState state = side.state;
        if (state.token() == 0) {
            return "copy " + side.name + " is new";
        }
        return "copy " + side.name + " has token " + Long.toHexString(state.token()) + " based on "
                + Long.toHexString(state.baseToken()) + (state.consistent() ? "" : ", incomplete")
                + (state.stale() ? ", stale" : "");
    }
}
