package io.lockstep.redirect.route;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BlockVerb;
import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.block.IoBuffer;
import io.lockstep.redirect.path.BlockPath.Fencing;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** One seeded run: random requests over random paths with random failures, checked against a {@link DiskModel}. */
final class ModelRun {
    private static final int BLOCKS = 24;
    private static final int DEPTH = 24;
    private static final int STEPS = 260;
    private static final long MS = 1_000_000L;

    private final Random random;
    private final SimLun lun;
    private final List<SimPath> paths = new ArrayList<>();
    private final DiskModel model = new DiskModel(BLOCKS);
    private final BufferPool buffers = new BufferPool(256, 1, 1);
    private final RedirectDevice device;
    private long nowNs = 1;
    private long version;
    private int live;
    private String violation = "";

    int completed;
    int failed;

    ModelRun(long seed, RedirectDevice.Makers makers) {
        random = new Random(seed);
        boolean fences = random.nextInt(4) > 0;
        lun = new SimLun(BLOCKS, fences);
        int count = 1 + random.nextInt(3);
        for (int i = 0; i < count; i++) {
            // Without fences only calls that are known to end allow another path to go on.
            boolean local = !fences || random.nextBoolean();
            SimPath path = new SimPath("p" + i, lun, local, fences ? Fencing.GENERATION : Fencing.NONE);
            path.delayNs = () -> random.nextInt(4) * MS / 2;
            paths.add(path);
        }
        RedirectConfig config = RedirectConfig.DEFAULT
                .withBounds(new RedirectConfig.Bounds(256, 48 + random.nextInt(64)))
                .withDeadline(new DeadlineConfig(20 * MS, 40 * MS, 100 * MS, random.nextInt(2) * 10, 0, 1000 * MS))
                .withSwitching(new RedirectConfig.Switching(
                        20 * MS, 20 * MS, 2 + random.nextInt(3), RedirectConfig.Unfenced.REFUSE, 0, false))
                .withProbing(new RedirectConfig.Probing(10 * MS, 20 * MS, true, 2, 20 * MS))
                .withNoPath(new RedirectConfig.NoPath(random.nextInt(3) > 0, 200 * MS));
        device = new RedirectDevice(paths, config, new MemoryStore(), buffers, new RedirectListener() {}, makers);
    }

    /** What was violated; empty if nothing was. */
    String run() {
        try {
            for (int step = 0; step < STEPS && violation.isEmpty(); step++) {
                act();
                advance(random.nextInt(3) * MS);
            }
            if (violation.isEmpty()) {
                settle();
            }
        } catch (RuntimeException | AssertionError e) {
            return "threw " + e;
        }
        return violation;
    }

    private void advance(long byNs) {
        nowNs += byNs;
        for (int i = 0; i < 3; i++) {
            device.doWork(nowNs);
        }
    }

    private void act() {
        if (random.nextInt(100) < 75) {
            submit();
            return;
        }
        SimPath path = paths.get(random.nextInt(paths.size()));
        switch (random.nextInt(18)) {
            case 0 -> mood(path, SimPath.Mood.ERROR, 1 + random.nextInt(3));
            case 1 -> mood(path, SimPath.Mood.TORN, 1 + random.nextInt(3));
            case 2, 3, 4 -> mood(path, SimPath.Mood.FROZEN, 1 + random.nextInt(6));
            case 5, 6 -> path.thaw();
            case 7 -> path.cut("cut");
            case 8 -> {
                path.dead = true;
                path.cut("killed");
                path.forget();
            }
            case 9 -> path.mute = !path.mute;
            case 10 -> device.pathDown(path.name(), "loop down");
            case 11, 12, 13, 14, 15 -> heal(path);
            case 16 -> device.moveTo(path.name(), "asked for");
            default -> advance(30 * MS);
        }
    }

    private static void mood(SimPath path, SimPath.Mood mood, int requests) {
        path.mood = mood;
        path.moodRequests = requests;
    }

    private void heal(SimPath path) {
        path.dead = false;
        path.mute = false;
        path.mood = SimPath.Mood.GOOD;
        device.pathUp(path.name());
    }

    /** Everything is well again: all requests must end, and what froze long ago must change nothing. */
    private void settle() {
        for (int i = 0; i < 400; i++) {
            paths.forEach(this::heal);
            if (i == 5) {
                paths.forEach(SimPath::thaw);
            }
            advance(2 * MS);
        }
        if (live > 0) {
            violation = live + " requests never ended: " + device.status();
            return;
        }
        if (device.status().state() != DeviceState.SERVING) {
            violation = "does not serve: " + device.status();
            return;
        }
        for (int block = 0; block < BLOCKS && violation.isEmpty(); block++) {
            violation = model.judgeRead(block, model.mark(block), lun.block(block));
        }
        device.close();
    }

    private void submit() {
        if (live >= DEPTH) {
            return;
        }
        int first = random.nextInt(BLOCKS - 4);
        int count = 1 + random.nextInt(4);
        IoBuffer buffer = buffers.acquire(count * SimLun.BLOCK);
        if (buffer == null) {
            return;
        }
        live++;
        BlockRequest request = new BlockRequest(version);
        int[] marks = new int[count];
        BlockVerb verb = verb();
        switch (verb) {
            case READ -> request.read((long) first * SimLun.BLOCK, count * SimLun.BLOCK, buffer, 0);
            case WRITE -> request.write((long) first * SimLun.BLOCK, count * SimLun.BLOCK, buffer, 0, false);
            case WRITE_ZEROES ->
                request.writeZeroes((long) first * SimLun.BLOCK, (long) count * SimLun.BLOCK, false, false, false);
            default -> {
                request.flush();
                first = 0;
                marks = new int[BLOCKS];
            }
        }
        for (int i = 0; i < marks.length; i++) {
            marks[i] = verb == BlockVerb.FLUSH ? model.acknowledged(i) : model.mark(first + i);
            if (verb.changesContent()) {
                long value = verb == BlockVerb.WRITE ? ++version : 0;
                buffer.view().putLong(i * SimLun.BLOCK, value);
                model.submitted(first + i, value);
            }
        }
        int at = first;
        int[] seen = marks;
        request.submitTo(device, done -> {
            live--;
            ended(done, at, seen, buffer);
            buffer.release();
        });
    }

    private BlockVerb verb() {
        int roll = random.nextInt(20);
        return roll < 10
                ? BlockVerb.WRITE
                : roll < 17 ? BlockVerb.READ : roll < 18 ? BlockVerb.WRITE_ZEROES : BlockVerb.FLUSH;
    }

    private void ended(BlockRequest request, int first, int[] marks, IoBuffer buffer) {
        completed++;
        failed += request.fault() == BlockFault.NONE ? 0 : 1;
        for (int i = 0; i < marks.length && violation.isEmpty(); i++) {
            violation = judge(request, first + i, marks[i], buffer.view().getLong(i * SimLun.BLOCK));
        }
    }

    private String judge(BlockRequest request, int block, int mark, long value) {
        if (request.verb().changesContent()) {
            model.ended(block, mark, request.fault());
        } else if (request.fault() == BlockFault.NONE) {
            return request.verb() == BlockVerb.READ
                    ? model.judgeRead(block, mark, value)
                    : model.judgeFlush(block, mark, lun.durable(block));
        }
        return "";
    }
}
