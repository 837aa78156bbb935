package io.lockstep.mirror.lockstep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.lockstep.mirror.spi.Interconnect;
import java.lang.management.ManagementFactory;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** An event from the input to the released output, through both sides, makes no garbage. */
final class LockstepAllocationTest {
    private final UnsafeBuffer input = new UnsafeBuffer(new byte[] {1});
    private final QuietEnd primaryEnd = new QuietEnd();
    private final QuietEnd secondaryEnd = new QuietEnd();
    private long released;
    private long nowNs;

    @Test
    void shouldAllocateNothingForAnEvent() {
        primaryEnd.peer = secondaryEnd;
        secondaryEnd.peer = primaryEnd;
        LockstepPolicy policy = new LockstepPolicy(50, 400, 2_000, 1 << 14, 1 << 19, 5_000, 2);
        LockstepPrimary primary = new LockstepPrimary(
                new ToyMachine(),
                primaryEnd,
                (count, channel, buffer, offset, length) -> {
                    released++;
                    return true;
                },
                policy,
                0);
        LockstepSecondary secondary = new LockstepSecondary(new ToyMachine(), secondaryEnd, policy, 1);
        primary.join(1);
        work(primary, secondary, 20_000);
        assertEquals(PrimaryPhase.PROTECTED, primary.phase(), primary.reason());
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 5; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            long releasedBefore = released;
            work(primary, secondary, 5_000);
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            assertTrue(released > releasedBefore + 500, "released " + (released - releasedBefore));
        }
        assertEquals(SecondaryPhase.FOLLOWING, secondary.phase(), secondary.reason());
        // What remains, if anything, is the measuring itself and the compiler's work on this thread.
        assertTrue(least < 500, least + " bytes in 5000 turns");
    }

    private void work(LockstepPrimary primary, LockstepSecondary secondary, int turns) {
        for (int i = 0; i < turns; i++) {
            nowNs += 3_000;
            primary.offer(ToyMachine.INPUT, input, 0, 1, nowNs);
            primary.doWork(nowNs);
            secondary.doWork();
        }
    }

    /** One end of a link with room for a few frames of each kind, which allocates nothing. */
    private static final class QuietEnd implements Interconnect {
        private static final int FRAMES = 8;
        private static final int MAX = 5_000;

        private final UnsafeBuffer bulk = new UnsafeBuffer(new byte[FRAMES * MAX]);
        private final UnsafeBuffer control = new UnsafeBuffer(new byte[FRAMES * MAX]);
        private final UnsafeBuffer claim = new UnsafeBuffer(new byte[MAX]);
        private final int[] bulkLengths = new int[FRAMES];
        private final int[] controlLengths = new int[FRAMES];
        private int bulkIn;
        private int bulkOut;
        private int controlIn;
        private int controlOut;
        private QuietEnd peer;

        @Override
        public boolean isUp() {
            return true;
        }

        @Override
        public long incarnation() {
            return 1;
        }

        @Override
        public String downReason() {
            return "";
        }

        @Override
        public int maxBulkLength() {
            return MAX;
        }

        @Override
        public MutableDirectBuffer claimBulk() {
            return peer.bulkIn - peer.bulkOut < FRAMES ? claim : null;
        }

        @Override
        public void commitBulk(int length) {
            if (length > 0) {
                int slot = peer.bulkIn++ % FRAMES;
                peer.bulk.putBytes(slot * MAX, claim, 0, length);
                peer.bulkLengths[slot] = length;
            }
        }

        @Override
        public boolean sendControl(DirectBuffer buffer, int offset, int length) {
            if (peer.controlIn - peer.controlOut == FRAMES) {
                return false;
            }
            int slot = peer.controlIn++ % FRAMES;
            peer.control.putBytes(slot * MAX, buffer, offset, length);
            peer.controlLengths[slot] = length;
            return true;
        }

        @Override
        public int poll(Listener listener, int limit) {
            int done = 0;
            for (; controlOut < controlIn; done++) {
                int slot = controlOut++ % FRAMES;
                listener.onControl(control, slot * MAX, controlLengths[slot]);
            }
            for (; bulkOut < bulkIn; done++) {
                int slot = bulkOut++ % FRAMES;
                listener.onBulk(bulk, slot * MAX, bulkLengths[slot]);
            }
            return done;
        }

        @Override
        public void disconnect(String reason) {
            throw new AssertionError(reason);
        }
    }
}
