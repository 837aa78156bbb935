package io.lockstep.redirect.route;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.block.IoBuffer;
import io.lockstep.redirect.path.BlockPath.Fencing;
import java.util.ArrayList;
import java.util.List;

/** A device over scripted paths, and a clock. */
final class Bench {
    static final long MS = 1_000_000L;

    final SimLun lun;
    final MemoryStore store = new MemoryStore();
    final List<Reroute> receipts = new ArrayList<>();
    final BufferPool buffers = new BufferPool(128, 1, 1);
    String staleCopy = "";
    RedirectListener.StaleMarked staleMarked;
    RedirectDevice device;
    private final boolean answersReads;
    private long nowNs = 1;

    /** What became of a request. */
    static final class Answer {
        BlockFault fault;
        private IoBuffer buffer;

        long value() {
            return buffer.view().getLong(0);
        }
    }

    Bench(boolean enforces, boolean keepsReadBuffers) {
        lun = new SimLun(32, enforces);
        answersReads = keepsReadBuffers;
    }

    SimPath path(String name, boolean local, Fencing fencing) {
        return new SimPath(name, lun, local, fencing);
    }

    void start(RedirectConfig config, SimPath... paths) {
        device = new RedirectDevice(List.of(paths), config, store, buffers, new RedirectListener() {
            @Override
            public void onReroute(Reroute receipt) {
                receipts.add(receipt);
            }

            @Override
            public void onStale(String stale, String survivor, long generation, StaleMarked marked) {
                staleCopy = stale;
                staleMarked = marked;
            }
        });
        run(3 * MS);
    }

    /** Time passes in small steps. */
    void run(long forNs) {
        long until = nowNs + forNs;
        while (nowNs < until) {
            nowNs = Math.min(until, nowNs + MS / 2);
            device.doWork(nowNs);
        }
    }

    /** This thread stands still. */
    void jump(long byNs) {
        nowNs += byNs;
        device.doWork(nowNs);
    }

    RedirectStatus status() {
        return device.status();
    }

    Answer write(int block, int count, long value) {
        IoBuffer buffer = buffers.acquire(count * SimLun.BLOCK);
        for (int i = 0; i < count; i++) {
            buffer.view().putLong(i * SimLun.BLOCK, value);
        }
        BlockRequest request = new BlockRequest(value);
        request.write((long) block * SimLun.BLOCK, count * SimLun.BLOCK, buffer, 0, false);
        return submit(request, buffer, false);
    }

    Answer read(int block, int count) {
        IoBuffer buffer = buffers.acquire(count * SimLun.BLOCK);
        BlockRequest request = new BlockRequest(block);
        request.read((long) block * SimLun.BLOCK, count * SimLun.BLOCK, buffer, 0);
        return submit(request, buffer, answersReads);
    }

    Answer flush() {
        BlockRequest request = new BlockRequest(0);
        request.flush();
        return submit(request, null, false);
    }

    private Answer submit(BlockRequest request, IoBuffer buffer, boolean keep) {
        Answer answer = new Answer();
        answer.buffer = buffer;
        request.submitTo(device, done -> {
            answer.fault = done.fault();
            if (buffer != null && !keep) {
                buffer.release();
            }
        });
        return answer;
    }
}
