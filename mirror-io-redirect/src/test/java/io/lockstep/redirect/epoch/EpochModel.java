package io.lockstep.redirect.epoch;

import io.lockstep.mirror.memory.PageSet;
import io.lockstep.mirror.spi.ReplicaDisk.Ownership;
import io.lockstep.redirect.block.BlockFault;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Two hosts and a guest that writes at random, against a model that knows the content at each epoch. Whatever crashes when: the disk
 * that goes on is exactly the last commit, and after a resynchronisation the copies are equal.
 */
final class EpochModel {
    private static final int BLOCKS = 96;

    private final Random random;
    private final Mistake mistake;
    private final boolean journaled;
    private DiskHost primary;
    private DiskHost secondary;
    private boolean connected;
    private boolean secondaryReady;
    private long epoch;
    private long stamp = 1;
    private long term = 1;
    /** What the guest sees: content after all completed requests. */
    private long[] now = new long[BLOCKS];
    /** Content at the end of the last epoch the secondary has committed, and of the one the primary knows about. */
    private long[] committed = new long[BLOCKS];

    private long acked;
    private long sessionEpoch;
    private long secondaryEpoch;
    private final List<DiskHost.Io> outstanding = new ArrayList<>();
    private final boolean[] busy = new boolean[BLOCKS];
    private final List<Runnable> whenDone = new ArrayList<>();
    int failovers;
    int resyncs;
    int epochs;
    int outages;
    private final List<long[]> snapshots = new ArrayList<>();
    private final List<Long> snapshotEpochs = new ArrayList<>();

    EpochModel(long seed, Mistake mistake) {
        this.random = new Random(seed);
        this.mistake = mistake;
        this.journaled = mistake == Mistake.JOURNAL_LOST || random.nextBoolean();
        this.primary = fresh();
        this.secondary = fresh();
        primary.alone();
    }

    private DiskHost fresh() {
        DiskHost host = new DiskHost(
                DiskHost.COPIES,
                random,
                new TestDevice(BLOCKS, random),
                new TestLog(BLOCKS, random),
                journaled ? DiskHost.journalDevice(random) : null,
                null,
                Fence.NONE);
        host.pumpUntil(() -> host.disk.state() == DiskState.FOLLOWING);
        host.home.liesAboutFlush = mistake == Mistake.FLUSH_LIES;
        return host;
    }

    void run(int steps) {
        for (int i = 0; i < steps; i++) {
            switch (random.nextInt(connected ? 14 : 12)) {
                case 0, 1, 2, 3, 4, 5 -> change();
                case 6, 7 -> checkRead();
                case 8 -> track(primary.flush(), 0, 0, () -> {});
                case 9, 10 -> pump();
                case 11 -> fault();
                default -> checkpoint();
            }
            if (!connected && random.nextInt(10) == 0) {
                connect();
            }
        }
        finish();
    }

    private void pump() {
        primary.pump(random.nextInt(8));
        secondary.pump(random.nextInt(8));
        collect();
        exchange();
    }

    /** The heartbeats: each side tells what is durable. */
    private void exchange() {
        if (connected && secondaryReady && acked > 0) {
            boolean early = mistake == Mistake.DURABLE_TOO_EARLY;
            long durableThere = early ? secondaryEpoch : secondary.disk.durableEpoch();
            if (durableThere > 0 && durableThere <= acked) {
                primary.disk.partnerDurable(durableThere);
            }
            long durableHere = early ? secondaryEpoch : primary.disk.durableEpoch();
            if (durableHere > 0) {
                secondary.disk.partnerDurable(durableHere);
            }
        }
    }

    private void change() {
        int from = random.nextInt(BLOCKS);
        int count = 1 + random.nextInt(Math.min(16, BLOCKS - from));
        for (int i = from; i < from + count; i++) {
            if (busy[i]) {
                return;
            }
        }
        int kind = random.nextInt(6);
        long first = kind > 3 ? 0 : stamp;
        stamp += count;
        DiskHost.Io io = kind > 3 ? primary.zero(from, count, kind == 5) : primary.write(from, count, first);
        Arrays.fill(busy, from, from + count, true);
        track(io, from, count, () -> {
            for (int i = 0; i < count; i++) {
                now[from + i] = first == 0 ? 0 : first + i;
            }
        });
    }

    private void track(DiskHost.Io io, int from, int count, Runnable done) {
        outstanding.add(io);
        whenDone.add(() -> {
            done.run();
            Arrays.fill(busy, from, from + count, false);
        });
        collect();
    }

    private void collect() {
        for (int i = outstanding.size() - 1; i >= 0; i--) {
            if (outstanding.get(i).isDone()) {
                check(outstanding.get(i).fault == BlockFault.NONE, "a request failed: " + outstanding.get(i).fault);
                outstanding.remove(i);
                whenDone.remove(i).run();
            }
        }
    }

    private void drain() {
        primary.pumpUntil(() -> outstanding.stream().allMatch(DiskHost.Io::isDone));
        collect();
    }

    private void checkRead() {
        int from = random.nextInt(BLOCKS);
        if (busy[from]) {
            return;
        }
        long expected = now[from];
        DiskHost.Io io = primary.read(from, 1);
        primary.await(io);
        collect();
        long found = DiskHost.stampOf(io.buffer.view(), 0);
        io.buffer.release();
        check(found == expected, "the guest read " + found + " in block " + from + ": expected " + expected);
    }

    private void connect() {
        drain();
        resyncs++;
        PageSet owed = new PageSet(BLOCKS);
        primary.disk.owe(owed, 0, secondary.disk.token());
        secondary.disk.synchronising(primary.disk.token());
        secondaryReady = false;
        epoch = Math.max(epoch, secondaryEpoch);
        acked = 0;
        for (int round = random.nextInt(3); round > 0; round--) {
            PageSet more = primary.harvest();
            for (long block = more.next(0); block >= 0; block = more.next(block + 1)) {
                owed.add(block);
            }
            PageSet part = new PageSet(BLOCKS);
            for (long block = owed.next(0); block >= 0; block = owed.next(block + 1)) {
                if (random.nextBoolean()) {
                    part.add(block);
                }
            }
            for (long block = part.next(0); block >= 0; block = part.next(block + 1)) {
                owed.remove(block);
            }
            primary.send(part, secondary);
            change();
            pump();
            if (random.nextInt(12) == 0) {
                crashSecondary();
                return;
            }
        }
        connected = true;
        sessionEpoch = epoch + 1;
        primary.disk.hold();
        epoch(owed);
    }

    private void checkpoint() {
        epoch(new PageSet(BLOCKS));
    }

    private void epoch(PageSet also) {
        primary.disk.pauseRequested();
        drain();
        PageSet set = primary.harvest();
        for (long block = also.next(0); block >= 0; block = also.next(block + 1)) {
            set.add(block);
        }
        if (mistake == Mistake.BLOCK_NOT_SENT && set.size() > 3 && random.nextInt(4) == 0) {
            set.remove(set.next(0));
        }
        primary.send(set, secondary);
        long[] atSeal = now.clone();
        primary.disk.sealed(++epoch);
        epochs++;
        snapshots.add(atSeal);
        snapshotEpochs.add(epoch);
        if (mistake == Mistake.COMMITTED_TOO_EARLY) {
            primary.disk.committed(epoch);
        }
        change();
        pump();
        if (random.nextInt(10) == 0) {
            crashPrimary(); // the epoch never gets there
            return;
        }
        secondary.disk.commit(epoch);
        secondaryReady = true;
        secondaryEpoch = epoch;
        committed = atSeal;
        pump();
        if (random.nextInt(10) == 0) {
            fault(); // the acknowledgement is lost
            return;
        }
        primary.disk.committed(epoch);
        acked = epoch;
    }

    private void fault() {
        int kind = random.nextInt(5);
        if (kind == 4 && primary.log.durableState().consistent()) {
            crashBoth();
        } else if (connected && kind == 0) {
            crashPrimary();
        } else if (connected && kind == 1) {
            crashSecondary();
        } else if (connected && kind == 2) {
            connected = false;
            secondary.disk.dropUnfinished();
            primary.disk.through();
        }
    }

    private void crashSecondary() {
        connected = false;
        secondary = restarted(secondary);
        primary.disk.through();
    }

    /** The whole place loses power; the primary's host comes back first and starts the guest from its copy. */
    private void crashBoth() {
        boolean exact = connected && journaled && primary.disk.durableEpoch() >= sessionEpoch;
        long durable = primary.disk.durableEpoch();
        connected = false;
        secondary = restarted(secondary);
        primary = restarted(primary).owned();
        outstanding.clear();
        whenDone.clear();
        Arrays.fill(busy, false);
        now = primary.content();
        if (exact) {
            boolean known = false;
            for (int i = 0; i < snapshots.size(); i++) {
                known |= snapshotEpochs.get(i) >= durable && Arrays.equals(snapshots.get(i), now);
            }
            check(known, "after a power cut the primary's copy is at none of its epochs from " + durable + " on");
        }
        primary.disk.through();
        snapshots.clear();
        snapshotEpochs.clear();
        epoch = 0;
        secondaryEpoch = 0;
        acked = 0;
        secondaryReady = false;
        outages++;
    }

    private DiskHost restarted(DiskHost host) {
        if (mistake == Mistake.MARKS_LOST) {
            host.log.forgetMarks();
        }
        DiskHost after = host.crash();
        if (mistake == Mistake.JOURNAL_LOST) {
            after.journal.now[0] = null;
        }
        after.home.liesAboutFlush = mistake == Mistake.FLUSH_LIES;
        after.pumpUntil(() -> after.disk.state() == DiskState.FOLLOWING);
        return after;
    }

    /** The primary is lost: if the secondary has an epoch, it goes on there. */
    private void crashPrimary() {
        if (!secondaryReady) {
            connected = false;
            primary.disk.through();
            return;
        }
        DiskHost old = primary;
        primary = secondary;
        if (mistake == Mistake.UNFINISHED_COMMITTED) {
            UnsafeBuffer page = new UnsafeBuffer(new byte[DiskHost.BLOCK]);
            DiskHost.fill(page, 0, ++stamp);
            primary.disk.stage(random.nextInt(BLOCKS), page, 0);
            primary.disk.commit(++epoch);
        }
        primary.disk.dropUnfinished();
        primary.disk.own(++term);
        primary.pumpUntil(() -> primary.disk.ownership() == Ownership.OWNED);
        outstanding.clear();
        whenDone.clear();
        Arrays.fill(busy, false);
        now = committed.clone();
        failovers++;
        long[] found = primary.content();
        check(Arrays.equals(found, now), () -> "after the failover " + difference(found, now));
        primary.disk.through();
        connected = false;
        secondaryReady = false;
        snapshots.clear();
        snapshotEpochs.clear();
        epoch = 0;
        secondaryEpoch = 0;
        acked = 0;
        secondary = restarted(old);
        if (journaled && random.nextBoolean()) {
            DiskHost again = restarted(secondary); // and once more while it applies its journal
            secondary = again;
        }
    }

    private void finish() {
        drain();
        while (!connected) {
            connect();
        }
        for (int i = 0; i < 2 || !connected; i++) {
            if (connected) {
                checkpoint();
            } else {
                connect();
            }
        }
        if (acked != epoch || secondaryEpoch != epoch) {
            secondary.pump(1);
            finish();
            return;
        }
        primary.disk.pauseRequested();
        drain();
        long[] last = now.clone();
        primary.send(primary.harvest(), secondary);
        primary.disk.sealed(++epoch);
        secondary.disk.commit(epoch);
        primary.disk.committed(epoch);
        primary.pumpUntil(primary.disk::isSettled);
        secondary.pumpUntil(secondary.disk::isSettled);
        check(Arrays.equals(primary.copy(), last), () -> "the primary's copy: " + difference(primary.copy(), last));
        check(
                Arrays.equals(secondary.copy(), last),
                () -> "the secondary's copy: " + difference(secondary.copy(), last));
        check(primary.disk.heldBlocks() == 0 && secondary.disk.heldBlocks() == 0, "blocks are left in memory");
    }

    private static String difference(long[] found, long[] expected) {
        int at = Arrays.mismatch(found, expected);
        return "block " + at + " is " + found[at] + ": expected " + expected[at];
    }

    private static void check(boolean holds, String violation) {
        check(holds, () -> violation);
    }

    private static void check(boolean holds, Supplier<String> violation) {
        if (!holds) {
            throw new Violation(violation.get());
        }
    }
}
