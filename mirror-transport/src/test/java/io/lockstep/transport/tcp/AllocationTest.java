package io.lockstep.transport.tcp;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.lockstep.mirror.spi.Interconnect;
import io.lockstep.transport.Await;
import io.lockstep.transport.local.InProcessLink;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class AllocationTest {
    private static final int FRAMES = 20_000;
    /** Far below one object per frame, far above what a single late class load costs. */
    private static final long TOLERATED = FRAMES / 2;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final UnsafeBuffer beat = new UnsafeBuffer(new byte[64]);
    private final Counter counter = new Counter();

    private static final class Counter implements Interconnect.Listener {
        private int frames;

        @Override
        public void onBulk(DirectBuffer buffer, int offset, int length) {
            frames++;
        }

        @Override
        public void onControl(DirectBuffer buffer, int offset, int length) {
            frames++;
        }
    }

    @Test
    void shouldNotAllocatePerFrameOverTcp() throws IOException {
        try (TcpPair pair = new TcpPair(TcpConfig.Limits.DEFAULT, false).awaitUp(1)) {
            assertFlat(pair.primary, pair.secondary);
        }
    }

    @Test
    void shouldNotAllocatePerFrameInProcess() {
        InProcessLink link = new InProcessLink(new InProcessLink.Limits(10_000, 8, 1_000, 8));
        Await.until(
                () -> {
                    link.first().poll(counter, 1);
                    link.second().poll(counter, 1);
                    return link.first().isUp() && link.second().isUp();
                },
                () -> "up");
        assertFlat(link.first(), link.second());
    }

    private void assertFlat(Interconnect from, Interconnect to) {
        long least = Long.MAX_VALUE;
        // The first rounds pay for class loading and compilation.
        for (int round = 0; round < 5; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            pump(from, to);
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        long bytes = least;
        assertTrue(least < TOLERATED, () -> bytes + " bytes for " + FRAMES + " bulk and control frames");
    }

    private void pump(Interconnect from, Interconnect to) {
        counter.frames = 0;
        int bulk = 0;
        int control = 0;
        while (counter.frames < 2 * FRAMES) {
            MutableDirectBuffer claim = bulk < FRAMES ? from.claimBulk() : null;
            if (claim != null) {
                claim.putLong(0, bulk);
                from.commitBulk(5_000);
                bulk++;
            }
            if (control < FRAMES && from.sendControl(beat, 0, 64)) {
                control++;
            }
            from.poll(counter, 64);
            to.poll(counter, 64);
        }
    }
}
