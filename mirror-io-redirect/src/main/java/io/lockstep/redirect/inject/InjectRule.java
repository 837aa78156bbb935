package io.lockstep.redirect.inject;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockVerb;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Which requests meet which failure.
 *
 * @param kind what happens
 * @param verbs the verbs it happens to
 * @param offset first byte of the range it happens in; FLUSH is in every range
 * @param length bytes of the range
 * @param rate probability for each request, from 0 to 1
 * @param count so many requests, then the rule is spent
 * @param fault ERROR and TORN_WRITE: how the request ends
 * @param delayNs DELAY: for how long, in nanoseconds
 */
public record InjectRule(
        Kind kind,
        Set<BlockVerb> verbs,
        long offset,
        long length,
        double rate,
        long count,
        BlockFault fault,
        long delayNs) {
    /** What happens to a request. */
    public enum Kind {
        /** It ends with an error and is not passed on. */
        ERROR,
        /** It is passed on later. */
        DELAY,
        /** It is passed on when {@link InjectDevice#release} is called: a write that was frozen, and thaws. */
        STALL,
        /** A first part of it is passed on, and it ends with an error (or with none, as a disk that lies). */
        TORN_WRITE,
        /** It ends well and is not passed on. */
        LOST_FLUSH
    }

    /** Checks every value and names all that are wrong. */
    public InjectRule {
        verbs = Set.copyOf(verbs);
        List<String> wrong = new ArrayList<>();
        if (verbs.isEmpty()) {
            wrong.add("verbs is empty: at least one is needed");
        }
        if (offset < 0 || length < 0) {
            wrong.add("the range is " + length + " bytes at " + offset + ": must not be negative");
        }
        if (!(rate >= 0 && rate <= 1)) {
            wrong.add("rate is " + rate + ": must be from 0 to 1");
        }
        if (count < 1) {
            wrong.add("count is " + count + ": must be at least 1");
        }
        if (kind == Kind.DELAY && delayNs <= 0) {
            wrong.add("delayNs is " + delayNs + ": must be positive");
        }
        if (kind == Kind.ERROR && fault == BlockFault.NONE) {
            wrong.add("fault is NONE: an ERROR needs one");
        }
        if (kind == Kind.TORN_WRITE && !verbs.equals(EnumSet.of(BlockVerb.WRITE))) {
            wrong.add("verbs is " + verbs + ": only a WRITE can be torn");
        }
        if (kind == Kind.LOST_FLUSH && !verbs.equals(EnumSet.of(BlockVerb.FLUSH))) {
            wrong.add("verbs is " + verbs + ": only a FLUSH can be lost");
        }
        if (!wrong.isEmpty()) {
            throw new IllegalArgumentException(String.join("; ", wrong));
        }
    }

    private static InjectRule of(Kind kind, Set<BlockVerb> verbs, BlockFault fault, long delayNs) {
        return new InjectRule(kind, verbs, 0, Long.MAX_VALUE, 1, Long.MAX_VALUE, fault, delayNs);
    }

    /** Every request of these verbs ends with {@code fault}. */
    public static InjectRule error(BlockFault fault, Set<BlockVerb> verbs) {
        return of(Kind.ERROR, verbs, fault, 0);
    }

    /** Every request of these verbs is passed on {@code delayNs} later. */
    public static InjectRule delay(long delayNs, Set<BlockVerb> verbs) {
        return of(Kind.DELAY, verbs, BlockFault.NONE, delayNs);
    }

    /** Every request of these verbs is held. */
    public static InjectRule stall(Set<BlockVerb> verbs) {
        return of(Kind.STALL, verbs, BlockFault.NONE, 0);
    }

    /** Of every write a first part is done, and it ends with {@code fault}. */
    public static InjectRule tornWrite(BlockFault fault) {
        return of(Kind.TORN_WRITE, EnumSet.of(BlockVerb.WRITE), fault, 0);
    }

    /** Every flush ends well and does nothing. */
    public static InjectRule lostFlush() {
        return of(Kind.LOST_FLUSH, EnumSet.of(BlockVerb.FLUSH), BlockFault.NONE, 0);
    }

    /** The same, only for requests that touch a range. */
    public InjectRule within(long first, long bytes) {
        return new InjectRule(kind, verbs, first, bytes, rate, count, fault, delayNs);
    }

    /** The same, with a probability. */
    public InjectRule withRate(double probability) {
        return new InjectRule(kind, verbs, offset, length, probability, count, fault, delayNs);
    }

    /** The same, so many times. */
    public InjectRule times(long howOften) {
        return new InjectRule(kind, verbs, offset, length, rate, howOften, fault, delayNs);
    }

    boolean matches(BlockVerb verb, long first, long bytes) {
        if (!verbs.contains(verb)) {
            return false;
        }
        // Both differences cannot overflow: no side is negative.
        return verb == BlockVerb.FLUSH || (first >= offset ? first - offset < length : offset - first < bytes);
    }
}
