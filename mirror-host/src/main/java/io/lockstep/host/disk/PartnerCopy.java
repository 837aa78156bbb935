package io.lockstep.host.disk;

import io.lockstep.redirect.block.BlockDevice;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BlockVerb;
import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.path.nbd.NbdPath;
import io.lockstep.redirect.path.nbd.NbdPathConfig;
import io.lockstep.redirect.route.RedirectConfig;
import io.lockstep.redirect.route.RedirectDevice;
import io.lockstep.redirect.route.RedirectListener;
import java.net.InetSocketAddress;
import java.nio.channels.Selector;
import java.util.List;

/**
 * The partner's copy, for reading: a disk that has its size from the start, whether the partner is there or not. It connects again by itself,
 * and requests wait for that.
 *
 * <p>Threading: the stack's thread.
 */
final class PartnerCopy implements BlockDevice {
    /** Name of the export with which a host lets its partner read. */
    static final String EXPORT = "copy";

    private static final int SMALL_BUFFERS = 160;
    private static final int MEDIUM_BUFFERS = 16;
    private static final long WAIT_NS = 60_000_000_000L;

    private final RedirectDevice route;
    private final BlockGeometry geometry;
    private long reads;

    PartnerCopy(InetSocketAddress server, BlockGeometry like, RedirectListener listener) {
        NbdPath path = new NbdPath(NbdPathConfig.foreign("partner", server, EXPORT));
        // Nothing is written on this way, so there is nothing to shut out.
        RedirectConfig config = RedirectConfig.DEFAULT.withNoPath(new RedirectConfig.NoPath(true, WAIT_NS));
        BufferPool buffers = new BufferPool(SMALL_BUFFERS, MEDIUM_BUFFERS, 1);
        this.route = new RedirectDevice(List.of(path), config, new NoGenerations(), buffers, listener);
        this.geometry = new BlockGeometry(
                like.sizeBytes(),
                like.minBlock(),
                like.preferredBlock(),
                Math.min(like.maxTransfer(), BufferPool.MEDIUM),
                true,
                false,
                false);
    }

    /** Reads that went to the partner so far. */
    long reads() {
        return reads;
    }

    @Override
    public BlockGeometry geometry() {
        return geometry;
    }

    @Override
    public void submit(BlockRequest request) {
        if (request.verb() == BlockVerb.READ) {
            reads++;
        }
        request.passTo(route);
    }

    @Override
    public int doWork(long nowNs) {
        return route.doWork(nowNs);
    }

    @Override
    public void register(Selector selector) {
        route.register(selector);
    }

    @Override
    public long maxIdleNs() {
        return route.maxIdleNs();
    }

    @Override
    public void close() {
        route.close();
    }
}
