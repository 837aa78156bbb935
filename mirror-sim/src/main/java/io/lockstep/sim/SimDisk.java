package io.lockstep.sim;

import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.memory.PageSet;
import io.lockstep.mirror.spi.GuestDisk;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import org.agrona.MutableDirectBuffer;

/**
 * The guest's side of a disk: holds writes until their epoch is committed, then brings them to the copy as fast as that is. Follows the
 * contract of the port as literally as it can.
 */
final class SimDisk implements GuestDisk {
    /** Is asked before a write reaches the copy. */
    @FunctionalInterface
    interface Watcher {
        /** A write that the guest made at this step is about to be seen by whoever reads the copy. */
        void writing(long step);
    }

    private static final int MOST_HELD = 60;
    private static final long OPEN = Long.MAX_VALUE;

    private static final class Write {
        final int block;
        final long value;
        final long step;
        long epoch = OPEN;
        boolean free;

        Write(int block, long value, long step, boolean free) {
            this.block = block;
            this.value = value;
            this.step = step;
            this.free = free;
        }
    }

    private final World world;
    private final Cluster cluster;
    private final Platter platter;
    private final Watcher watcher;
    private final long generation;
    private final long[] view;
    private final long[] markedIn;
    private final boolean[] recent;
    /** Blocks of the disk of both whose content went out in this session: what is written to them later must go out as well. */
    private final BitSet sent = new BitSet();

    private final PageSet dirty;
    private final ArrayDeque<Write> queue = new ArrayDeque<>();
    private boolean holding = true;
    private boolean pausing;
    private long sealed;
    private long committed;
    private long durable;
    private long slowUntilNs;
    private String problem = "";

    SimDisk(Cluster cluster, Platter platter, long generation, Watcher watcher) {
        this.cluster = cluster;
        this.world = cluster.world();
        this.platter = platter;
        this.generation = generation;
        this.watcher = watcher;
        view = platter.content.clone();
        markedIn = new long[view.length];
        Arrays.fill(markedIn, OPEN);
        recent = new boolean[view.length];
        dirty = new PageSet(view.length);
    }

    /** The guest writes; false if it must wait. */
    boolean write(int block, long value, long step) {
        boolean full = holding && queue.size() >= MOST_HELD && !pausing;
        if (full || !problem.isEmpty()) {
            return false;
        }
        view[block] = value;
        queue.add(new Write(block, value, step, !holding));
        dirty.add(block);
        recent[block] = true;
        platter.marks.set(block);
        markedIn[block] = OPEN;
        return true;
    }

    /** The guest reads. */
    long value(int block) {
        return view[block];
    }

    void slowUntil(long untilNs) {
        slowUntilNs = untilNs;
    }

    void fail(String why) {
        problem = why;
    }

    /** The copy takes some of what waits for it. */
    void step() {
        if (world.nowNs < slowUntilNs || !problem.isEmpty()) {
            return;
        }
        bring(world.dice.nextInt(7));
        if (world.chance(150)) {
            platter.flush();
            Write first = queue.peek();
            long written = first == null ? OPEN : (first.epoch == OPEN ? sealed + 1 : first.epoch) - 1;
            durable = Math.min(committed, written);
        }
    }

    private void bring(int most) {
        for (int i = 0; i < most && !queue.isEmpty(); i++) {
            Write write = queue.peek();
            if (!write.free && write.epoch > committed) {
                return;
            }
            watcher.writing(write.step);
            if (!platter.write(generation, write.block, write.value)) {
                problem = "shut out by another host";
                return;
            }
            queue.remove();
            boolean seenByBoth = platter.shared && !sent.get(write.block);
            if (seenByBoth && queue.stream().noneMatch(later -> later.block == write.block)) {
                dirty.remove(write.block);
            }
        }
    }

    /** An orderly end: what may be on the copy is. */
    void close() {
        if (problem.isEmpty()) {
            bring(Integer.MAX_VALUE);
            platter.flush();
        }
    }

    @Override
    public long blockCount() {
        return view.length;
    }

    @Override
    public void harvest(PageSet into, long firstPage) {
        for (long block = dirty.next(0); block >= 0; block = dirty.next(block + 1)) {
            into.add(firstPage + block);
        }
        dirty.clear();
    }

    @Override
    public void owe(PageSet into, long firstPage, long partnerToken) {
        sent.clear();
        if (platter.shared) {
            queue.forEach(write -> into.add(firstPage + write.block));
            return;
        }
        if (partnerToken == 0 || (partnerToken != platter.token && !platter.bases.contains(partnerToken))) {
            platter.bases.clear();
            platter.marks.set(0, view.length);
        }
        for (int block = platter.marks.nextSetBit(0); block >= 0; block = platter.marks.nextSetBit(block + 1)) {
            into.add(firstPage + block);
            markedIn[block] = OPEN;
        }
    }

    @Override
    public long token() {
        return platter.token;
    }

    @Override
    public boolean read(long block, MutableDirectBuffer target, int offset) {
        if (!recent[(int) block] && world.chance(250)) {
            return false;
        }
        sent.set((int) block);
        target.setMemory(offset, PageRegion.PAGE_SIZE, (byte) 0);
        target.putLong(offset, view[(int) block]);
        return true;
    }

    @Override
    public void pauseRequested() {
        pausing = true;
    }

    @Override
    public void sealed(long epoch) {
        queue.forEach(write -> write.epoch = Math.min(write.epoch, epoch));
        for (int block = 0; block < view.length; block++) {
            markedIn[block] = Math.min(markedIn[block], epoch);
        }
        Arrays.fill(recent, false);
        pausing = false;
        sealed = epoch;
    }

    @Override
    public void committed(long epoch) {
        committed = epoch;
    }

    @Override
    public void hold() {
        holding = true;
    }

    @Override
    public void through() {
        if (holding && !platter.shared) {
            platter.bases.add(platter.token);
            platter.token = cluster.freshToken();
        }
        holding = false;
        queue.forEach(write -> write.free = true);
    }

    @Override
    public boolean wantsCheckpoint() {
        return holding && queue.size() > MOST_HELD / 2;
    }

    @Override
    public long durableEpoch() {
        return durable;
    }

    @Override
    public void partnerDurable(long epoch) {
        for (int block = platter.marks.nextSetBit(0); block >= 0; block = platter.marks.nextSetBit(block + 1)) {
            if (markedIn[block] <= epoch) {
                platter.marks.clear(block);
            }
        }
        platter.bases.clear(); // the partner carries the token itself by now
    }

    @Override
    public String problem() {
        return problem;
    }
}
