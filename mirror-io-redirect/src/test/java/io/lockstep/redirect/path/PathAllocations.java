package io.lockstep.redirect.path;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.lockstep.redirect.block.BlockCompletion;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.IoBuffer;
import java.lang.management.ManagementFactory;

/** Counts what the stack's thread allocates for requests, when everything is warm. */
public final class PathAllocations {
    private static final int WARM_UP = 40_000;
    private static final int MEASURED = 20_000;
    /** The compiler may take longer than the warm-up on a busy machine. */
    private static final int TRIES = 8;

    private static final int DEPTH = 8;
    private static final int BLOCK = 4096;
    /** For what the virtual machine does now and then on any thread. */
    private static final long SLACK_BYTES = 4096;

    private final BlockPath path;
    private final BlockRequest[] requests = new BlockRequest[DEPTH];
    private final BlockCompletion completion = this::ended;
    private int flying;
    private int failed;

    private PathAllocations(BlockPath path) {
        this.path = path;
    }

    /** Writes and reads through an open path of at least a few blocks. */
    public static void assertNone(PathDriver driver) {
        PathAllocations rig = new PathAllocations(driver.path());
        IoBuffer buffer = driver.buffer(BLOCK);
        for (int i = 0; i < DEPTH; i++) {
            rig.requests[i] = new BlockRequest(i);
        }
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        rig.run(WARM_UP, buffer);
        long least = Long.MAX_VALUE;
        for (int i = 0; i < TRIES && least > SLACK_BYTES; i++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            rig.run(MEASURED, buffer);
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        buffer.release();
        assertEquals(0, rig.failed);
        assertTrue(least <= SLACK_BYTES, MEASURED + " requests allocated " + least + " bytes");
    }

    private void run(int count, IoBuffer buffer) {
        for (int i = 0; i < count; i += DEPTH) {
            for (int j = 0; j < DEPTH; j++) {
                if (j % 2 == 0) {
                    requests[j].write((long) j * BLOCK, BLOCK, buffer, 0, false);
                } else {
                    requests[j].read((long) j * BLOCK, BLOCK, buffer, 0);
                }
                flying++;
                requests[j].submitTo(path, completion);
            }
            while (flying > 0) {
                path.doWork(i);
                Thread.onSpinWait();
            }
        }
    }

    private void ended(BlockRequest request) {
        flying--;
        failed += request.fault() == BlockFault.NONE ? 0 : 1;
    }
}
