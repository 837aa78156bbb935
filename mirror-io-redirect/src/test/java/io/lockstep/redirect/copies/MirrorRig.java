package io.lockstep.redirect.copies;

import io.lockstep.redirect.block.BlockDevice;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.block.IoBuffer;
import io.lockstep.redirect.regions.LossyLogFile;
import io.lockstep.redirect.regions.RegionLog;
import io.lockstep.redirect.regions.RegionLogConfig;
import io.lockstep.redirect.regions.RegionLogException;
import java.util.ArrayList;
import java.util.List;

/** Two scripted copies, their logs, a clock that is moved by hand, and the mirror over them. */
final class MirrorRig implements MirrorListener {
    static final int DISK = 1 << 20;
    static final int REGION = 16 << 10;
    static final long MS = 1_000_000;

    final ScriptedDevice[] devices = {new ScriptedDevice(DISK), new ScriptedDevice(DISK)};
    final LossyLogFile[] files = {new LossyLogFile(), new LossyLogFile()};
    final RegionLog[] logs = new RegionLog[2];
    final List<String> events = new ArrayList<>();
    final BufferPool clientBuffers = new BufferPool(600, 8, 1);
    MirrorConfig config = MirrorConfig.of("web")
            .withSource(MirrorConfig.Source.EQUAL)
            .withTimes(1000 * MS, 50 * MS, 100 * MS)
            .withQueue(2000 * MS, 16);
    MirroredDevice mirror;
    BufferPool buffers = new BufferPool(64, 8, 1);
    long nowNs;
    private long nextToken = 1;

    MirrorRig start() throws MirrorRefusedException {
        return start(devices[0], devices[1]);
    }

    MirrorRig start(BlockDevice first, BlockDevice second) throws MirrorRefusedException {
        try {
            for (int i = 0; i < 2; i++) {
                logs[i] = RegionLog.open(
                        files[i], RegionLogConfig.of("web", DISK).withRegionBytes(REGION), files[i], () -> {});
            }
        } catch (RegionLogException e) {
            throw new AssertionError(e);
        }
        mirror = MirroredDevice.start(
                config,
                new Copy("a", first, logs[0], ""),
                new Copy("b", second, logs[1], ""),
                buffers,
                () -> nextToken++,
                this);
        return this;
    }

    /** The process dies and starts again; nothing but the media and the logs is left. */
    MirrorRig restart() throws MirrorRefusedException {
        for (int i = 0; i < 2; i++) {
            files[i] = files[i].afterKill();
            devices[i].waiting.clear();
        }
        buffers = new BufferPool(64, 8, 1);
        return start();
    }

    void work() {
        files[0].runTasks();
        files[1].runTasks();
        mirror.doWork(nowNs);
    }

    /** Everything that happens without new faults, for so long. */
    void run(long ns) {
        long end = nowNs + ns;
        while (nowNs < end) {
            nowNs += 5 * MS;
            work();
            devices[0].finishAll();
            devices[1].finishAll();
        }
    }

    MirrorPhase phase() {
        return mirror.status().phase();
    }

    /** A write of one value to a range. */
    BlockRequest write(long at, int bytes, int value, List<BlockFault> ends) {
        IoBuffer buffer = clientBuffers.acquire(bytes);
        buffer.view().setMemory(0, bytes, (byte) value);
        BlockRequest request = new BlockRequest(value);
        request.write(at, bytes, buffer, 0, false);
        request.submitTo(mirror, done -> {
            buffer.release();
            ends.add(done.fault());
        });
        return request;
    }

    BlockFault writeNow(long at, int bytes, int value) {
        List<BlockFault> ends = new ArrayList<>();
        write(at, bytes, value, ends);
        return settled(ends);
    }

    int readNow(long at) {
        IoBuffer buffer = clientBuffers.acquire(4096);
        BlockRequest request = new BlockRequest(0);
        List<BlockFault> ends = new ArrayList<>();
        request.read(at, 4096, buffer, 0);
        request.submitTo(mirror, done -> ends.add(done.fault()));
        BlockFault fault = settled(ends);
        int value = fault == BlockFault.NONE ? buffer.view().getByte(0) & 0xff : -1;
        buffer.release();
        return value;
    }

    BlockFault now(BlockRequest request) {
        List<BlockFault> ends = new ArrayList<>();
        request.submitTo(mirror, done -> ends.add(done.fault()));
        return settled(ends);
    }

    private BlockFault settled(List<BlockFault> ends) {
        for (int i = 0; i < 2000 && ends.isEmpty(); i++) {
            run(5 * MS);
        }
        if (ends.isEmpty()) {
            throw new AssertionError("no end: " + mirror.status());
        }
        return ends.get(0);
    }

    @Override
    public void onPhase(MirrorPhase from, MirrorPhase to, String reason) {
        events.add(from + " -> " + to + ": " + reason);
    }

    @Override
    public void onCopy(String copy, CopyStatus from, CopyStatus to, String reason) {
        events.add(copy + " " + from + " -> " + to + ": " + reason);
    }
}
