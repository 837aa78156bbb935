package io.lockstep.redirect.copies;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.redirect.block.BlockCompletion;
import io.lockstep.redirect.block.BlockDevice;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.IoBuffer;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

class MirrorAllocationTest {
    /** Takes everything at once. */
    private static final class Sink implements BlockDevice {
        private final BlockGeometry geometry = new BlockGeometry(MirrorRig.DISK, 512, 4096, 1 << 20, false, true, true);

        @Override
        public BlockGeometry geometry() {
            return geometry;
        }

        @Override
        public void submit(BlockRequest request) {
            request.complete(BlockFault.NONE);
        }

        @Override
        public int doWork(long nowNs) {
            return 0;
        }

        @Override
        public void close() {}
    }

    @Test
    void shouldNotAllocateForWritesAndReadsInSteadyState() throws MirrorRefusedException {
        MirrorRig rig = new MirrorRig();
        rig.config = rig.config.withTimes(1000 * MirrorRig.MS, 50 * MirrorRig.MS, 3_600_000 * MirrorRig.MS);
        rig.start(new Sink(), new Sink());
        rig.run(100 * MirrorRig.MS);
        for (int at = 0; at < MirrorRig.DISK; at += MirrorRig.REGION) {
            assertEquals(BlockFault.NONE, rig.writeNow(at, 4096, 1));
        }
        IoBuffer buffer = rig.clientBuffers.acquire(4096);
        BlockRequest request = new BlockRequest(1);
        int[] ended = new int[1];
        BlockCompletion count = done -> ended[0] += done.fault() == BlockFault.NONE ? 1 : 0;
        com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long id = Thread.currentThread().getId();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 6; round++) {
            long before = threads.getThreadAllocatedBytes(id);
            for (int i = 0; i < 10_000; i++) {
                long at = (long) (i & 63) * MirrorRig.REGION;
                request.write(at, 4096, buffer, 0, false);
                request.submitTo(rig.mirror, count);
                request.read(at, 4096, buffer, 0);
                request.submitTo(rig.mirror, count);
                request.flush();
                request.submitTo(rig.mirror, count);
                rig.mirror.doWork(rig.nowNs);
            }
            least = Math.min(least, threads.getThreadAllocatedBytes(id) - before);
        }
        assertEquals(180_000, ended[0]);
        assertTrue(least < 1000, least + " bytes for 30,000 requests");
    }
}
