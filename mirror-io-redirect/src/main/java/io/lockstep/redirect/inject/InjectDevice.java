package io.lockstep.redirect.inject;

import io.lockstep.redirect.block.BlockCompletion;
import io.lockstep.redirect.block.BlockDevice;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.BlockRequest;
import java.nio.channels.Selector;
import java.util.List;
import java.util.Random;

/**
 * A layer that fails on purpose: by verb, range, rate and count, with a seed, and switched while it runs. Of several rules that match a
 * request the first one counts. Requests that no rule matches pass through untouched.
 *
 * <p>It is a plain layer: what it holds is outstanding for whoever is above, as if the layer below hung.
 *
 * <p>Threading: the stack's thread, the rules too.
 */
public final class InjectDevice implements BlockDevice {
    private static final long UNTIL_RELEASED = Long.MAX_VALUE;

    private final BlockDevice below;
    private final Random random;
    private final BlockRequest[] held;
    private final long[] dueNs;
    private final Torn[] torn;
    private int heldCount;
    private int tornCount;
    private List<Live> rules = List.of();
    private long nowNs;
    private long injected;

    /** A rule and how often it may still be used. */
    private static final class Live {
        private final InjectRule rule;
        private long left;

        Live(InjectRule rule) {
            this.rule = rule;
            this.left = rule.count();
        }
    }

    /** The part of a write that is done. */
    private final class Torn implements BlockCompletion {
        private final BlockRequest part = new BlockRequest(0);
        private BlockRequest whole;
        private BlockFault fault;

        @Override
        public void onDone(BlockRequest request) {
            BlockRequest client = whole;
            BlockFault how = fault;
            whole = null;
            torn[tornCount++] = this;
            client.complete(how);
        }
    }

    /**
     * A layer without rules.
     *
     * @param most requests it can hold; more than these end with IO
     */
    public InjectDevice(BlockDevice below, long seed, int most) {
        if (most < 1) {
            throw new IllegalArgumentException("most is " + most + ": must be at least 1");
        }
        this.below = below;
        this.random = new Random(seed);
        this.held = new BlockRequest[most];
        this.dueNs = new long[most];
        this.torn = new Torn[most];
        while (tornCount < most) {
            torn[tornCount++] = new Torn();
        }
    }

    /** Replaces all rules. What is held stays held. */
    public void rules(InjectRule... next) {
        rules = List.of(next).stream().map(Live::new).toList();
    }

    /** Passes on what a STALL holds. */
    public void release() {
        for (int i = 0; i < heldCount; i++) {
            if (dueNs[i] == UNTIL_RELEASED) {
                dueNs[i] = nowNs;
            }
        }
    }

    /** Requests that are held now. */
    public int heldNow() {
        return heldCount;
    }

    /** Requests that met a rule. */
    public long injected() {
        return injected;
    }

    @Override
    public BlockGeometry geometry() {
        return below.geometry();
    }

    @Override
    public void submit(BlockRequest request) {
        InjectRule rule = match(request);
        if (rule == null) {
            request.passTo(below);
            return;
        }
        injected++;
        switch (rule.kind()) {
            case ERROR -> request.complete(rule.fault());
            case LOST_FLUSH -> request.complete(BlockFault.NONE);
            case DELAY -> hold(request, nowNs + rule.delayNs());
            case STALL -> hold(request, UNTIL_RELEASED);
            case TORN_WRITE -> tear(request, rule.fault());
        }
    }

    private InjectRule match(BlockRequest request) {
        for (int i = 0; i < rules.size(); i++) {
            Live live = rules.get(i);
            if (live.left > 0
                    && live.rule.matches(request.verb(), request.offset(), request.length())
                    && (live.rule.rate() >= 1 || random.nextDouble() < live.rule.rate())) {
                live.left--;
                return live.rule;
            }
        }
        return null;
    }

    private void hold(BlockRequest request, long untilNs) {
        if (heldCount == held.length) {
            request.complete(BlockFault.IO);
            return;
        }
        held[heldCount] = request;
        dueNs[heldCount++] = untilNs;
    }

    private void tear(BlockRequest request, BlockFault fault) {
        int unit = below.geometry().minBlock();
        int units = (int) (request.length() / unit);
        int kept = units == 0 ? 0 : random.nextInt(units) * unit;
        if (kept == 0 || tornCount == 0) {
            request.complete(fault);
            return;
        }
        Torn tear = torn[--tornCount];
        tear.whole = request;
        tear.fault = fault;
        tear.part.write(request.offset(), kept, request.data(), request.dataOffset(), request.fua());
        tear.part.submitTo(below, tear);
    }

    @Override
    public int doWork(long now) {
        nowNs = now;
        int work = below.doWork(now);
        // In the order of their submission; a completion may add more at the end.
        int at = 0;
        for (int left = heldCount; left > 0 && at < heldCount; left--) {
            if (dueNs[at] <= now && dueNs[at] != UNTIL_RELEASED) {
                work++;
                takeOut(at).passTo(below);
            } else {
                at++;
            }
        }
        return work;
    }

    private BlockRequest takeOut(int index) {
        BlockRequest request = held[index];
        int after = heldCount - index - 1;
        System.arraycopy(held, index + 1, held, index, after);
        System.arraycopy(dueNs, index + 1, dueNs, index, after);
        held[--heldCount] = null;
        return request;
    }

    @Override
    public void register(Selector selector) {
        below.register(selector);
    }

    @Override
    public long maxIdleNs() {
        long most = below.maxIdleNs();
        for (int i = 0; i < heldCount; i++) {
            most = dueNs[i] == UNTIL_RELEASED ? most : Math.min(most, Math.max(0, dueNs[i] - nowNs));
        }
        return most;
    }

    /** What is held has not been issued, and never will be. */
    @Override
    public void close() {
        while (heldCount > 0) {
            takeOut(0).complete(BlockFault.NOT_ISSUED);
        }
        below.close();
    }
}
