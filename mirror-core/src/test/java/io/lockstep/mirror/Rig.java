package io.lockstep.mirror;

import io.lockstep.mirror.counters.Counters;
import io.lockstep.mirror.failover.MirrorState;
import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.memory.PageSet;
import io.lockstep.mirror.record.AckLevel;
import io.lockstep.mirror.replicate.LinkBoard;
import io.lockstep.mirror.replicate.Replicator;
import io.lockstep.mirror.ring.SendWindow;
import io.lockstep.mirror.spi.Arbiter;
import io.lockstep.mirror.spi.DirtyTracker;
import io.lockstep.mirror.spi.FramePort;
import io.lockstep.mirror.spi.GuestVm;
import io.lockstep.mirror.spi.ReplicaDisk;
import io.lockstep.mirror.spi.StandbyVm;
import io.lockstep.mirror.spi.StorageHeartbeat;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Primary and secondary with a guest that writes memory and a disk, on one thread and a clock that the test moves. */
final class Rig {
    static final int PAGES = 64;
    static final int BLOCKS = 1000;
    private static final long TICK = 200_000;

    final Guest guest = new Guest();
    final Terms terms = new Terms();
    final MemoryDisk disk = new MemoryDisk(BLOCKS, 7);
    final MemoryDisk copy = new MemoryDisk(BLOCKS, 9);
    final Standby standby = new Standby(copy);
    final Sink uplink = new Sink();
    final Counters counters = new Counters();
    private final Card card = new Card();
    PrimaryMirror primary;
    SecondaryMirror secondary;
    /** Nothing the guest writes now is durable on the secondary's copy. */
    boolean copyIsSlow;

    /** The guest says nothing to the outside. */
    boolean quiet;

    private Replicator replicator;
    private long nowNs = 1_000_000_000L;

    Rig(MirrorPolicy.Compression compression, AckLevel level) {
        build(compression, level);
    }

    private void build(MirrorPolicy.Compression compression, AckLevel level) {
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
                compression,
                level);
        Loopback[] link = Loopback.pair();
        SendWindow window = new SendWindow(policy.windowSlots());
        LinkBoard board = new LinkBoard(1);
        replicator =
                new Replicator("vm", new byte[0], PageRegion.onHeap(PAGES), link[0], window, board, policy, counters);
        MirrorListener listener = (from, to, reason, now) -> {};
        PrimaryParts parts =
                new PrimaryParts("vm", guest, guest, disk, card, uplink, window, board, terms, counters, () -> 42);
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
                "vm", (vm, pages, spec) -> standby, link[1], terms, storage, policy, listener, nowNs);
    }

    void tick() {
        nowNs += TICK;
        guest.work();
        card.ready = !quiet;
        disk.write(nowNs / TICK % (BLOCKS - 100), nowNs);
        disk.durable = disk.committed;
        copy.durable = copyIsSlow ? copy.durable : copy.committed;
        primary.doWork(nowNs);
        replicator.doWork(nowNs);
        secondary.doWork(nowNs);
    }

    void ticks(int count) {
        for (int i = 0; i < count; i++) {
            tick();
        }
    }

    /** Moves the clock until the guest is protected; about 20 epochs more. */
    void protect() {
        for (int i = 0; i < 20_000 && primary.state() != MirrorState.PROTECTED; i++) {
            tick();
        }
        ticks(2_000);
    }

    static final class Guest implements GuestVm, DirtyTracker {
        private final PageRegion memory = PageRegion.onHeap(PAGES);
        private final UnsafeBuffer state = new UnsafeBuffer(new byte[6000]);
        GuestVm.Phase phase = GuestVm.Phase.RUNNING;
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

    static final class Sink implements FramePort {
        long frames;

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

    static final class Terms implements Arbiter {
        Outcome outcome = Outcome.NONE;
        long highest = 1;
        long claimed;

        @Override
        public void claim(long expectedTerm, String why) {
            claimed = expectedTerm + 1;
        }

        @Override
        public Outcome outcome() {
            return outcome;
        }

        @Override
        public long highestTerm() {
            return highest;
        }

        @Override
        public String detail() {
            return "";
        }
    }

    static final class Standby implements StandbyVm {
        private final MemoryDisk disk;
        boolean activated;

        Standby(MemoryDisk disk) {
            this.disk = disk;
        }

        @Override
        public ReplicaDisk disk() {
            return disk;
        }

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
        public void activate(byte[] baseline, DirectBuffer state, int length) {
            activated = true;
        }

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
