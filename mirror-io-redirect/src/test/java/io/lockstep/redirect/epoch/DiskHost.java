package io.lockstep.redirect.epoch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.mirror.memory.PageSet;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BlockVerb;
import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.block.IoBuffer;
import io.lockstep.redirect.epoch.EpochDiskConfig.Topology;
import java.util.Optional;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.agrona.concurrent.UnsafeBuffer;

/** One host of a test: a disk over devices in memory, and a client. Content is a number that fills the block. */
final class DiskHost {
    static final int BLOCK = 4096;
    static final EpochDiskConfig COPIES = new EpochDiskConfig(Topology.COPIES, 1024, 64, 256, 64 << 10);
    static final EpochDiskConfig SHARED = new EpochDiskConfig(Topology.SHARED, 1024, 64, 256, 64 << 10);

    final int blocks;
    final Random random;
    final EpochDiskConfig config;
    final TestDevice home;
    final TestLog log;
    final TestDevice journal;
    final EpochDisk disk;
    private final BufferPool buffers = new BufferPool(64, 8, 1);
    private final UnsafeBuffer page = new UnsafeBuffer(new byte[BLOCK]);

    DiskHost(int blocks, Random random, EpochDiskConfig config) {
        this(config, random, new TestDevice(blocks, random), new TestLog(blocks, random), null, null, Fence.NONE);
    }

    DiskHost(
            EpochDiskConfig config,
            Random random,
            TestDevice home,
            TestLog log,
            TestDevice journal,
            io.lockstep.redirect.block.BlockDevice away,
            Fence fence) {
        this.blocks = home.now.length;
        this.random = random;
        this.config = config;
        this.home = home;
        this.log = log;
        this.journal = journal;
        EpochDiskParts parts = new EpochDiskParts(
                home,
                Optional.ofNullable(away),
                Optional.empty(),
                Optional.ofNullable(journal),
                fence,
                random::nextLong);
        this.disk = EpochDisk.open(config, parts, config.topology() == Topology.SHARED ? new SharedCopyLog() : log);
    }

    static TestDevice journalDevice(Random random) {
        return new TestDevice((int) (EpochDisk.journalBytes(COPIES) / BLOCK), random);
    }

    /** The host after a power cut. */
    DiskHost crash() {
        return new DiskHost(
                config, random, home.crash(), log.crash(), journal == null ? null : journal.crash(), null, Fence.NONE);
    }

    DiskHost owned() {
        disk.own(1);
        pumpUntil(() -> disk.state() == DiskState.HELD);
        return this;
    }

    DiskHost alone() {
        owned();
        disk.through();
        return this;
    }

    void pump(int rounds) {
        for (int i = 0; i < rounds; i++) {
            disk.doWork(0);
        }
    }

    void pumpUntil(BooleanSupplier done) {
        for (int i = 0; i < 100_000 && !done.getAsBoolean(); i++) {
            disk.doWork(0);
        }
        assertTrue(done.getAsBoolean(), () -> "stuck: " + disk.state() + " " + disk.problem());
    }

    /** A request of the client's; {@code done} tells how it ended. */
    static final class Io {
        final BlockRequest request = new BlockRequest(0);
        IoBuffer buffer;
        BlockFault fault;

        boolean isDone() {
            return fault != null;
        }
    }

    Io write(int from, int count, long stamp) {
        Io io = new Io();
        io.buffer = buffers.acquire(count * BLOCK);
        for (int i = 0; i < count; i++) {
            fill(io.buffer.view(), i * BLOCK, stamp == 0 ? 0 : stamp + i);
        }
        io.request.write((long) from * BLOCK, count * BLOCK, io.buffer, 0, random.nextInt(8) == 0);
        return submit(io);
    }

    Io zero(int from, int count, boolean discard) {
        Io io = new Io();
        if (discard) {
            io.request.discard((long) from * BLOCK, (long) count * BLOCK, false);
        } else {
            io.request.writeZeroes((long) from * BLOCK, (long) count * BLOCK, false, false, false);
        }
        return submit(io);
    }

    Io flush() {
        Io io = new Io();
        io.request.flush();
        return submit(io);
    }

    Io read(int from, int count) {
        Io io = new Io();
        io.buffer = buffers.acquire(count * BLOCK);
        io.request.read((long) from * BLOCK, count * BLOCK, io.buffer, 0);
        return submit(io);
    }

    private Io submit(Io io) {
        io.request.submitTo(disk, request -> {
            io.fault = request.fault();
            if (io.buffer != null && request.verb() != BlockVerb.READ) {
                io.buffer.release();
            }
        });
        return io;
    }

    void await(Io io) {
        pumpUntil(io::isDone);
        assertEquals(BlockFault.NONE, io.fault, () -> io.request + " " + disk.problem());
    }

    /** What a client reads now. */
    long[] content() {
        long[] all = new long[blocks];
        for (int from = 0; from < blocks; from += 16) {
            int count = Math.min(16, blocks - from);
            Io io = read(from, count);
            await(io);
            for (int i = 0; i < count; i++) {
                all[from + i] = stampOf(io.buffer.view(), i * BLOCK);
            }
            io.buffer.release();
        }
        return all;
    }

    /** What the local copy holds. */
    long[] copy() {
        long[] all = new long[blocks];
        for (int i = 0; i < blocks; i++) {
            all[i] = stampOf(new UnsafeBuffer(home.block(i)), 0);
        }
        return all;
    }

    PageSet harvest() {
        PageSet set = new PageSet(blocks);
        disk.harvest(set, 0);
        return set;
    }

    /** Hands blocks over to a replica, as a checkpoint does. */
    void send(PageSet set, DiskHost to) {
        for (long block = set.next(0); block >= 0; block = set.next(block + 1)) {
            long wanted = block;
            pumpUntil(() -> disk.read(wanted, page, 0));
            to.disk.stage(block, page, 0);
            if (!to.disk.hasRoom()) {
                to.pumpUntil(to.disk::hasRoom);
            }
        }
    }

    static void fill(UnsafeBuffer view, int at, long stamp) {
        for (int i = 0; i < BLOCK; i += Long.BYTES) {
            view.putLong(at + i, stamp);
        }
    }

    static long stampOf(UnsafeBuffer view, int at) {
        long stamp = view.getLong(at);
        for (int i = 0; i < BLOCK; i += Long.BYTES) {
            assertEquals(stamp, view.getLong(at + i), "a torn block");
        }
        return stamp;
    }
}
