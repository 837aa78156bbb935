package io.lockstep.sim;

import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.memory.PageSet;
import io.lockstep.mirror.spi.DirtyTracker;
import io.lockstep.mirror.spi.GuestVm;
import io.lockstep.mirror.verify.EpochDigest;
import java.util.Arrays;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A guest that scribbles over a small memory, counts its steps, and tells the outside about itself. Each step folds what it wrote and
 * what it received into a hash; counter and hash live in page 0 and in the device state, and every frame it sends carries them.
 */
final class SimGuest implements GuestVm {
    static final int FRAME_HEADER = 4 * Long.BYTES;
    private static final byte[] BASELINE =
            "the constant part of the device state".getBytes(java.nio.charset.StandardCharsets.US_ASCII);

    private final World world;
    private final long id;
    private final PageRegion memory;
    private final SimNic nic = new SimNic();
    private final SimDisk disk;
    /** What the guest wrote to its disk, block by block. */
    private final long[] written;

    private final PageSet dirty;
    private final PageSet stale;
    private final long[] pageDigests;
    private final UnsafeBuffer state = new UnsafeBuffer(new byte[16 * 1024]);
    private int stateLength;
    private long counter;
    private long hash;
    private long sequence;
    /** The hash after each step; what an omniscient observer remembers. */
    private long[] history;

    private Phase phase = Phase.RUNNING;
    private long nextPhaseNs;
    private long failingUntilNs;
    private long requestedNs;
    private String problem = "";
    private Snapshot last;

    /** A guest that starts. */
    SimGuest(World world, long id, int pages, SimDisk disk) {
        this(world, id, PageRegion.onHeap(pages), 0, 0, new long[1024], disk, new long[(int) disk.blockCount()]);
        dirty.addAll();
    }

    private SimGuest(
            World world,
            long id,
            PageRegion memory,
            long counter,
            long hash,
            long[] history,
            SimDisk disk,
            long[] written) {
        this.world = world;
        this.id = id;
        this.memory = memory;
        this.counter = counter;
        this.hash = hash;
        this.history = history;
        this.disk = disk;
        this.written = written;
        dirty = new PageSet(memory.pageCount());
        stale = new PageSet(memory.pageCount());
        stale.addAll();
        pageDigests = new long[(int) memory.pageCount()];
    }

    /** The guest that goes on from a replica of {@code origin}. */
    static SimGuest resumed(World world, long id, PageRegion memory, Snapshot at, SimDisk disk, SimGuest origin) {
        SimGuest guest = new SimGuest(
                world,
                id,
                memory,
                at.counter(),
                at.hash(),
                origin.history.clone(),
                disk,
                at.disk().clone());
        guest.sequence = origin.sequence;
        return guest;
    }

    long id() {
        return id;
    }

    long counter() {
        return counter;
    }

    SimNic nic() {
        return nic;
    }

    /** The hash this guest had after its step {@code step}. */
    long hashAt(long step) {
        return history[(int) step];
    }

    /** The guest at its last checkpoint. */
    Snapshot lastSnapshot() {
        return last;
    }

    boolean isGone() {
        return phase == Phase.LOST || phase == Phase.POWERED_OFF;
    }

    void die(String why) {
        if (!isGone()) {
            phase = Phase.LOST;
            problem = why;
        }
    }

    void powerOff() {
        if (phase == Phase.RUNNING) {
            phase = Phase.POWERED_OFF;
        }
    }

    void failCheckpointsUntil(long untilNs) {
        failingUntilNs = untilNs;
    }

    /** Executes for a while, if it may. */
    void run() {
        advance();
        if (phase != Phase.RUNNING && phase != Phase.PAUSING) {
            return;
        }
        for (byte[] frame = nic.receive(); frame != null; frame = nic.receive()) {
            hash = mix(hash, frame.length + frame[0]);
        }
        int writes = 1 + world.dice.nextInt(6);
        for (int i = 0; i < writes; i++) {
            write();
        }
        counter++;
        useDisk();
        UnsafeBuffer first = memory.chunk(0);
        first.putLong(memory.offset(0), counter);
        first.putLong(memory.offset(0) + Long.BYTES, hash);
        touch(0);
        remember();
        if (world.chance(300)) {
            speak();
        }
    }

    private void write() {
        int pages = (int) memory.pageCount();
        int page = 1 + (world.chance(800) ? world.dice.nextInt(Math.min(8, pages - 1)) : world.dice.nextInt(pages - 1));
        UnsafeBuffer chunk = memory.chunk(page);
        int at = memory.offset(page);
        long value = world.dice.nextLong();
        int kind = world.dice.nextInt(40);
        if (kind == 0) {
            memory.zero(page);
        } else if (kind == 1) {
            for (int i = 0; i < PageRegion.PAGE_SIZE; i += Long.BYTES) {
                chunk.putLong(at + i, value * (i + 1));
            }
        } else {
            chunk.putLong(at + world.dice.nextInt(PageRegion.PAGE_SIZE / Long.BYTES) * Long.BYTES, value);
        }
        touch(page);
        hash = mix(hash, value ^ page);
    }

    /** Writes, and reads what it wrote (invariant I3). Some blocks are written again and again. */
    private void useDisk() {
        int blocks = written.length;
        for (int writes = world.chance(300) ? 1 + world.dice.nextInt(5) : 0; writes > 0; writes--) {
            int block = world.dice.nextInt(world.chance(500) ? 4 : blocks);
            long value = world.chance(50) ? 0 : world.dice.nextLong();
            if (disk.write(block, value, counter)) {
                written[block] = value;
                hash = mix(hash, value ^ block);
            }
        }
        int block = world.dice.nextInt(blocks);
        if (disk.value(block) != written[block]) {
            throw new InvariantViolation("I3", "the guest reads something else from block " + block + " than it wrote");
        }
    }

    private void touch(long page) {
        dirty.add(page);
        stale.add(page);
    }

    private void remember() {
        if (counter >= history.length) {
            history = Arrays.copyOf(history, 2 * history.length);
        }
        history[(int) counter] = hash;
    }

    private void speak() {
        int length = world.chance(15) ? 60_000 : FRAME_HEADER + world.dice.nextInt(64);
        byte[] frame = new byte[length];
        UnsafeBuffer buffer = new UnsafeBuffer(frame);
        buffer.putLong(0, id);
        buffer.putLong(8, sequence + 1);
        buffer.putLong(16, counter);
        buffer.putLong(24, hash);
        if (nic.send(frame)) {
            sequence++;
        }
    }

    private static long mix(long accumulated, long value) {
        long mixed = (accumulated ^ value) * 0xC2B2AE3D27D4EB4FL;
        return mixed ^ (mixed >>> 31);
    }

    private void advance() {
        if (world.nowNs < nextPhaseNs) {
            return;
        }
        switch (phase) {
            case PAUSING -> {
                if (world.nowNs < failingUntilNs && world.chance(500)) {
                    fail("the monitor refused to stop");
                    return;
                }
                last = snapshot();
                phase = Phase.MEMORY_FINAL;
                nextPhaseNs = world.nowNs + world.between(0, World.MS / 2);
            }
            case MEMORY_FINAL -> {
                if (world.nowNs < failingUntilNs) {
                    fail("the device state could not be saved");
                    return;
                }
                phase = Phase.STATE_READY;
            }
            default -> {}
        }
    }

    private void fail(String why) {
        phase = Phase.CHECKPOINT_FAILED;
        problem = why;
    }

    private Snapshot snapshot() {
        for (long page = stale.next(0); page >= 0; page = stale.next(page + 1)) {
            pageDigests[(int) page] = EpochDigest.ofPage(memory.chunk(page), memory.offset(page));
        }
        stale.clear();
        stateLength = (int) (24 + counter * 37 % 9000);
        state.putLong(0, counter);
        state.putLong(8, hash);
        state.putLong(16, sequence);
        state.setMemory(24, stateLength - 24, (byte) counter);
        return new Snapshot(
                counter, hash, pageDigests.clone(), EpochDigest.ofBytes(state, 0, stateLength), written.clone());
    }

    @Override
    public PageRegion memory() {
        return memory;
    }

    @Override
    public void requestCheckpoint() {
        require(phase == Phase.RUNNING || isGone(), "requestCheckpoint");
        if (!isGone()) {
            phase = Phase.PAUSING;
            requestedNs = world.nowNs;
            nextPhaseNs = requestedNs + world.between(0, World.MS / 2);
        }
    }

    @Override
    public Phase poll() {
        return phase;
    }

    @Override
    public int stateLength() {
        require(phase == Phase.STATE_READY, "stateLength");
        return stateLength;
    }

    @Override
    public void copyState(int stateOffset, MutableDirectBuffer target, int targetOffset, int length) {
        require(phase == Phase.STATE_READY, "copyState");
        target.putBytes(targetOffset, state, stateOffset, length);
    }

    @Override
    public void resume() {
        require(phase == Phase.STATE_READY || phase == Phase.CHECKPOINT_FAILED || isGone(), "resume");
        if (!isGone()) {
            phase = Phase.RUNNING;
            problem = "";
        }
    }

    @Override
    public byte[] baseline() {
        return BASELINE;
    }

    @Override
    public String problem() {
        return problem;
    }

    @Override
    public void kill(String reason) {
        phase = Phase.LOST;
        problem = reason;
    }

    private void require(boolean legal, String what) {
        if (!legal) {
            throw new InvariantViolation("port", what + " is not legal for a guest in " + phase);
        }
    }

    /** Knows every write, exactly; now and then it loses count, as a real one may. */
    final class Tracker implements DirtyTracker {
        private int failures;

        void failNext(int harvests) {
            failures = harvests;
        }

        @Override
        public void harvest(PageSet into) {
            if (failures > 0) {
                failures--;
                dirty.clear();
                throw new IllegalStateException("the tracker lost count");
            }
            for (long page = dirty.next(0); page >= 0; page = dirty.next(page + 1)) {
                into.add(page);
            }
            dirty.clear();
        }

        @Override
        public String name() {
            return "sim";
        }

        @Override
        public void close() {}
    }
}
