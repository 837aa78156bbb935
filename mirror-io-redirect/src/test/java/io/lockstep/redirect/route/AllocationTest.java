package io.lockstep.redirect.route;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.lockstep.redirect.block.BlockCompletion;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.block.IoBuffer;
import io.lockstep.redirect.path.BlockPath;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class AllocationTest {
    private static final int REQUESTS = 100_000;
    private static final int DEPTH = 16;
    /** Far below one object per request, far above what a single late class load costs. */
    private static final long TOLERATED = REQUESTS / 2;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final BufferPool buffers = new BufferPool(64, 1, 1);
    private final IoBuffer buffer = buffers.acquire(4096);
    private final RedirectDevice device = new RedirectDevice(
            List.of(new Ring()), RedirectConfig.DEFAULT, new MemoryStore(), buffers, new RedirectListener() {});
    private final BlockRequest[] requests = new BlockRequest[DEPTH];
    private final BlockCompletion whenDone = this::onDone;
    private long nowNs = 1;
    private int submitted;
    private int ended;

    @Test
    void shouldNotAllocatePerRequest() {
        for (int i = 0; i < DEPTH; i++) {
            requests[i] = new BlockRequest(i);
        }
        device.doWork(nowNs);
        device.doWork(++nowNs);
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 5; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            pump();
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        long bytes = least;
        assertTrue(least < TOLERATED, () -> bytes + " bytes for " + REQUESTS + " requests");
        assertEquals(0, device.status().counts().failed());
    }

    private void pump() {
        submitted = DEPTH;
        ended = 0;
        for (BlockRequest request : requests) {
            next(request);
        }
        while (ended < REQUESTS) {
            nowNs += 20_000;
            device.doWork(nowNs);
        }
    }

    private void next(BlockRequest request) {
        long at = request.id() * 4096;
        if ((request.id() & 1) == 0) {
            request.write(at, 4096, buffer, 0, false);
        } else {
            request.read(at, 4096, buffer, 0);
        }
        request.submitTo(device, whenDone);
    }

    private void onDone(BlockRequest request) {
        ended++;
        if (submitted < REQUESTS) {
            submitted++;
            next(request);
        }
    }

    /** A path that answers in the next round. */
    private static final class Ring implements BlockPath {
        private final BlockRequest[] ring = new BlockRequest[64];
        private int head;
        private int count;
        private Link link = Link.CLOSED;

        @Override
        public BlockGeometry geometry() {
            return new BlockGeometry(1 << 20, 512, 4096, 1 << 20, false, false, false);
        }

        @Override
        public void submit(BlockRequest request) {
            ring[(head + count++) % ring.length] = request;
        }

        @Override
        public int doWork(long nowNs) {
            int due = count;
            for (int i = 0; i < due; i++) {
                BlockRequest request = ring[head];
                head = (head + 1) % ring.length;
                count--;
                request.complete(BlockFault.NONE);
            }
            return due;
        }

        @Override
        public String name() {
            return "ring";
        }

        @Override
        public Link link() {
            return link;
        }

        @Override
        public String trouble() {
            return "";
        }

        @Override
        public void open(long generation) {
            link = Link.OPEN;
        }

        @Override
        public void abandon(String reason) {
            link = Link.BROKEN;
        }

        @Override
        public int outstanding() {
            return count;
        }

        @Override
        public Fencing fencing() {
            return Fencing.GENERATION;
        }

        @Override
        public void fence(long generation, FenceOutcome outcome) {
            outcome.onFenced("");
        }

        @Override
        public void close() {
            link = Link.CLOSED;
        }
    }
}
