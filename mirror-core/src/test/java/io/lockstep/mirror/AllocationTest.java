package io.lockstep.mirror;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.lockstep.mirror.counters.Counter;
import io.lockstep.mirror.failover.MirrorState;
import io.lockstep.mirror.record.AckLevel;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** An epoch from the guest's page to the released frame, through the whole core, makes no garbage; nor does a block of its disk. */
class AllocationTest {
    @Test
    void shouldAllocateNothingInASteadyEpoch() {
        for (MirrorPolicy.Compression compression : MirrorPolicy.Compression.values()) {
            Rig rig = new Rig(compression, AckLevel.RECEIVED);
            for (int i = 0; i < 20_000; i++) {
                rig.tick();
            }
            assertEquals(MirrorState.PROTECTED, rig.primary.state(), rig.primary.reason());
            assertEquals(MirrorState.READY, rig.secondary.state(), rig.secondary.reason());
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long least = Long.MAX_VALUE;
            for (int round = 0; round < 5; round++) {
                long epochs = rig.counters.value(Counter.EPOCHS_COMMITTED);
                long released = rig.uplink.frames;
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 5_000; i++) {
                    rig.tick();
                }
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
                assertTrue(rig.counters.value(Counter.EPOCHS_COMMITTED) > epochs + 20);
                assertTrue(rig.uplink.frames > released + 20);
                assertTrue(rig.disk.partnerDurable > 20 && rig.copy.partnerDurable > 20);
            }
            // What remains, if anything, is the measuring itself and the compiler's work on this thread; one object per
            // epoch is
            // several thousand bytes.
            assertTrue(least < 500, compression + ": " + least + " bytes in 5000 ticks");
        }
    }
}
