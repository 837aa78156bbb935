package io.lockstep.mirror;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.lockstep.mirror.counters.Counter;
import io.lockstep.mirror.counters.Counters;
import io.lockstep.mirror.failover.MirrorState;
import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.memory.PageSet;
import io.lockstep.mirror.replicate.LinkBoard;
import io.lockstep.mirror.replicate.Replicator;
import io.lockstep.mirror.ring.SendWindow;
import io.lockstep.mirror.spi.Arbiter;
import io.lockstep.mirror.spi.DirtyTracker;
import io.lockstep.mirror.spi.FramePort;
import io.lockstep.mirror.spi.GuestVm;
import io.lockstep.mirror.spi.StandbyVm;
import io.lockstep.mirror.spi.StorageHeartbeat;
import java.lang.management.ManagementFactory;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** An epoch from the guest's page to the released frame, through the whole core, makes no garbage. */
class AllocationTest {
    private static final int PAGES = 64;
    private static final long TICK = 200_000;

    private final Guest guest = new Guest();
    private final Card card = new Card();
    private final Sink uplink = new Sink();
    private final Counters counters = new Counters();
    private PrimaryMirror primary;
    private Replicator replicator;
    private SecondaryMirror secondary;
    private long nowNs = 1_000_000_000L;

    private void build(MirrorPolicy.Compression compression) {
        MirrorPolicy p = MirrorPolicy.standard();
        MirrorPolicy policy = new MirrorPolicy(
                p.epochNs(),
                p.minEpochNs(),
                p.maxEpochNs(),
                p.epochsInFlight(),
                p.heartbeatNs(),
                p.detectNs(),
                p.leaseNs(),
                p.linkFaultGraceNs(),
                256,
                p.heldOutputBytes(),
                compression);
        Loopback[] link = Loopback.pair();
        SendWindow window = new SendWindow(policy.windowSlots());
        LinkBoard board = new LinkBoard(1);
        replicator =
                new Replicator("vm", new byte[0], PageRegion.onHeap(PAGES), link[0], window, board, policy, counters);
        MirrorListener listener = (from, to, reason, now) -> {};
        PrimaryParts parts =
                new PrimaryParts("vm", guest, guest, card, uplink, window, board, new Terms(), counters, () -> 42);
        primary = new PrimaryMirror(parts, policy, listener, 1, nowNs);
        StorageHeartbeat storage = new StorageHeartbeat() {
            @Override
            public long peerSeenNs() {
                return nowNs;
            }

            @Override
            public String problem() {
                return "";
            }
        };
        secondary = new SecondaryMirror(
                "vm", (vm, pages, spec) -> new Standby(), link[1], new Terms(), storage, policy, listener, nowNs);
    }

    private void tick() {
        nowNs += TICK;
        guest.work();
        card.ready = true;
        primary.doWork(nowNs);
        replicator.doWork(nowNs);
        secondary.doWork(nowNs);
    }

    @Test
    void shouldAllocateNothingInASteadyEpoch() {
        for (MirrorPolicy.Compression compression : MirrorPolicy.Compression.values()) {
            build(compression);
            for (int i = 0; i < 20_000; i++) {
                tick();
            }
            assertEquals(MirrorState.PROTECTED, primary.state(), primary.reason());
            assertEquals(MirrorState.READY, secondary.state(), secondary.reason());
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long least = Long.MAX_VALUE;
            for (int round = 0; round < 5; round++) {
                long epochs = counters.value(Counter.EPOCHS_COMMITTED);
                long released = uplink.frames;
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 5_000; i++) {
                    tick();
                }
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
                assertTrue(counters.value(Counter.EPOCHS_COMMITTED) > epochs + 20);
                assertTrue(uplink.frames > released + 20);
            }
            // What remains, if anything, is the measuring itself and the compiler's work on this thread; one object per
            // epoch is
            // several thousand bytes.
            assertTrue(least < 500, compression + ": " + least + " bytes in 5000 ticks");
        }
    }

    private static final class Guest implements GuestVm, DirtyTracker {
        private final PageRegion memory = PageRegion.onHeap(PAGES);
        private final UnsafeBuffer state = new UnsafeBuffer(new byte[6000]);
        private GuestVm.Phase phase = GuestVm.Phase.RUNNING;
        private long step;

        void work() {
            if (phase == GuestVm.Phase.PAUSING) {
                phase = GuestVm.Phase.STATE_READY;
            }
            step++;
            if (phase == GuestVm.Phase.RUNNING) {
                for (long page = step % 5; page < PAGES; page += 9) {
                    memory.chunk(page).putLong(memory.offset(page) + (int) (step % 500) * 8, step);
                }
            }
        }

        @Override
        public PageRegion memory() {
            return memory;
        }

        @Override
        public void requestCheckpoint() {
            phase = GuestVm.Phase.PAUSING;
        }

        @Override
        public GuestVm.Phase poll() {
            return phase;
        }

        @Override
        public int stateLength() {
            return state.capacity();
        }

        @Override
        public void copyState(int stateOffset, MutableDirectBuffer target, int targetOffset, int length) {
            target.putBytes(targetOffset, state, stateOffset, length);
        }

        @Override
        public void resume() {
            phase = GuestVm.Phase.RUNNING;
        }

        @Override
        public byte[] baseline() {
            return new byte[0];
        }

        @Override
        public String problem() {
            return "";
        }

        @Override
        public void kill(String reason) {
            phase = GuestVm.Phase.LOST;
        }

        @Override
        public void harvest(PageSet into) {
            into.addAll();
        }

        @Override
        public String name() {
            return "all";
        }

        @Override
        public void close() {}
    }

    /** A card with one frame per tick. */
    private static final class Card implements FramePort {
        private final UnsafeBuffer frame = new UnsafeBuffer(new byte[100]);
        private boolean ready;

        @Override
        public int poll(Handler handler, int limit) {
            if (!ready) {
                return 0;
            }
            ready = false;
            handler.onFrame(frame, 0, 100);
            return 1;
        }

        @Override
        public boolean offer(DirectBuffer buffer, int offset, int length) {
            return true;
        }
    }

    private static final class Sink implements FramePort {
        private long frames;

        @Override
        public int poll(Handler handler, int limit) {
            return 0;
        }

        @Override
        public boolean offer(DirectBuffer buffer, int offset, int length) {
            frames++;
            return true;
        }
    }

    private static final class Terms implements Arbiter {
        @Override
        public void claim(long expectedTerm, String why) {}

        @Override
        public Outcome outcome() {
            return Outcome.NONE;
        }

        @Override
        public long highestTerm() {
            return 1;
        }

        @Override
        public String detail() {
            return "";
        }
    }

    private static final class Standby implements StandbyVm {
        private final PageRegion memory = PageRegion.onHeap(PAGES);
        private final PageRegion staging = PageRegion.onHeap(PAGES);

        @Override
        public StandbyVm.Phase poll() {
            return StandbyVm.Phase.READY;
        }

        @Override
        public PageRegion memory() {
            return memory;
        }

        @Override
        public PageRegion staging() {
            return staging;
        }

        @Override
        public void activate(byte[] baseline, DirectBuffer state, int length) {}

        @Override
        public GuestVm asGuest() {
            throw new IllegalStateException("never live");
        }

        @Override
        public String problem() {
            return "";
        }

        @Override
        public void discard(String reason) {}
    }
}
