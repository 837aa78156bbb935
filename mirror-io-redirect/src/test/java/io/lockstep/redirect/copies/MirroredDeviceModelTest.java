package io.lockstep.redirect.copies;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BlockVerb;
import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.block.IoBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Random verbs while copies fail, hang, fill up and return, logs fail, and the process is killed or loses power; against a model that knows
 * what each block may hold.
 */
class MirroredDeviceModelTest {
    private static final int BLOCK = 4096;
    private static final int BLOCKS = MirrorRig.DISK / BLOCK;
    private static final int SEEDS = Integer.getInteger("mirror.copies.seeds", 300);

    /** A mistake outside of the mirror that must be found. */
    private enum Planted {
        NOTHING,
        LOG_FORGETS,
        FLUSH_LIES,
        WRITES_LAND_LATE,
        BIT_ROT
    }

    private static final class Run {
        private final Random random;
        private final Planted planted;
        private final MirrorRig rig = new MirrorRig();
        private final DiskModel model = new DiskModel(BLOCKS);
        private long nextValue = 1;
        private int inFlight;
        private int life;

        Run(long seed, Planted planted) throws MirrorRefusedException {
            this.random = new Random(seed);
            this.planted = planted;
            rig.config = rig.config.withQueue(List.of(0, 60, 2000).get(random.nextInt(3)) * MirrorRig.MS, 64);
            rig.start();
            equip();
        }

        private void equip() {
            for (int i = 0; i < 2; i++) {
                rig.devices[i].immediate = random.nextInt(4) == 0;
                rig.devices[i].liesAboutFlush = planted == Planted.FLUSH_LIES;
                rig.devices[i].lateWrites = planted == Planted.WRITES_LAND_LATE;
                if (planted == Planted.LOG_FORGETS) {
                    rig.files[i].forgetMarks();
                }
            }
        }

        void play(int steps) throws MirrorRefusedException {
            for (int i = 0; i < steps; i++) {
                step();
            }
            heal();
        }

        private void step() throws MirrorRefusedException {
            int what = random.nextInt(1000);
            int copy = random.nextInt(2);
            if (what < 250) {
                write();
            } else if (what < 380) {
                read();
            } else if (what < 400) {
                flush();
            } else if (what < 600) {
                rig.devices[copy].finishOne(random);
            } else if (what < 700) {
                rig.files[copy].runTasks();
            } else if (what < 950) {
                rig.nowNs += random.nextInt(20) * MirrorRig.MS;
                rig.mirror.doWork(rig.nowNs);
            } else if (what < 990) {
                disturb(copy);
            } else if (what < 993) {
                crash(false);
            } else if (what < 995) {
                crash(true);
            }
        }

        private void disturb(int copy) {
            ScriptedDevice device = rig.devices[copy];
            switch (random.nextInt(9)) {
                case 0 -> device.dead = true;
                case 1, 2 -> device.dead = false;
                case 3 -> device.stuck = true;
                case 4, 5 -> device.stuck = false;
                case 6 ->
                    device.failNext(
                            BlockVerb.values()[random.nextInt(4)],
                            random.nextBoolean() ? BlockFault.IO : BlockFault.NO_SPACE);
                case 7 -> rig.files[copy].failWith(random.nextInt(3) == 0 ? "No space left on device" : "");
                default -> rig.mirror.startVerify();
            }
        }

        private void write() {
            if (inFlight > 60) {
                return;
            }
            int from = random.nextInt(BLOCKS);
            int count = Math.min(1 + (random.nextInt(4) == 0 ? random.nextInt(8) : 0), BLOCKS - from);
            boolean zero = random.nextInt(8) == 0;
            long value = zero ? 0 : nextValue++;
            DiskModel.Write write = model.begin(from, count, value);
            BlockRequest request = new BlockRequest(value);
            IoBuffer buffer = zero ? null : rig.clientBuffers.acquire(count * BLOCK);
            if (zero && random.nextBoolean()) {
                request.discard((long) from * BLOCK, (long) count * BLOCK, false);
            } else if (zero) {
                request.writeZeroes((long) from * BLOCK, (long) count * BLOCK, false, false, random.nextBoolean());
            } else {
                for (int i = 0; i < count; i++) {
                    stamp(buffer, i * BLOCK, value);
                }
                request.write((long) from * BLOCK, count * BLOCK, buffer, 0, false);
            }
            inFlight++;
            int mine = life;
            request.submitTo(rig.mirror, done -> {
                if (mine == life) {
                    inFlight--;
                    model.end(write, done.fault() == BlockFault.NONE);
                    if (buffer != null) {
                        buffer.release();
                    }
                }
            });
        }

        private static void stamp(IoBuffer buffer, int at, long value) {
            for (int i = 0; i < BLOCK; i += 8) {
                buffer.view().putLong(at + i, value);
            }
        }

        private void read() {
            if (inFlight > 60) {
                return;
            }
            int block = random.nextInt(BLOCKS);
            long since = model.now();
            List<DiskModel.Write> allowed = model.allowed(block, false);
            IoBuffer buffer = rig.clientBuffers.acquire(BLOCK);
            BlockRequest request = new BlockRequest(0);
            request.read((long) block * BLOCK, BLOCK, buffer, 0);
            inFlight++;
            int mine = life;
            request.submitTo(rig.mirror, done -> {
                if (mine == life) {
                    inFlight--;
                    if (done.fault() == BlockFault.NONE) {
                        long value = buffer.view().getLong(random.nextInt(BLOCK / 8) * 8);
                        boolean fine = allowed.stream().anyMatch(one -> one.value == value)
                                || model.startedSince(block, value, since);
                        assertTrue(fine, () -> "block " + block + " was read as " + value + ": stale; " + rig.events);
                    }
                    buffer.release();
                }
            });
        }

        private void flush() {
            BlockRequest request = new BlockRequest(0);
            request.flush();
            long since = model.now();
            int mine = life;
            request.submitTo(rig.mirror, done -> {
                if (mine == life && done.fault() == BlockFault.NONE) {
                    model.flushed(since);
                }
            });
        }

        /** The process ends; with the power, both copies' volatile caches too. */
        private void crash(boolean power) throws MirrorRefusedException {
            life++;
            inFlight = 0;
            rig.events.add(power ? "POWER CUT" : "KILLED");
            model.crashed();
            for (int i = 0; i < 2; i++) {
                ScriptedDevice old = rig.devices[i];
                old.forget(random);
                if (power) {
                    old.losePower(random);
                }
                rig.devices[i] = new ScriptedDevice(old.content, old.flushed);
                rig.devices[i].dead = random.nextInt(4) == 0;
                rig.files[i] = power ? rig.files[i].afterPowerCut(random) : rig.files[i].afterKill();
            }
            rig.buffers = new BufferPool(64, 8, 1);
            rig.start();
            equip();
            if (power) {
                settlePowerCut();
            }
        }

        /** After a power cut a block holds one of the values since the last flush: both copies must agree on which one. */
        private void settlePowerCut() {
            heal();
            for (int block = 0; block < BLOCKS; block++) {
                long value = stored(0, block);
                int at = block;
                assertTrue(
                        model.allowed(block, true).stream().anyMatch(one -> one.value == value),
                        () -> "block " + at + " holds " + value + " after a power cut: " + rig.events);
                DiskModel.Write found = model.begin(block, 1, value);
                model.end(found, true);
            }
        }

        private long stored(int copy, int block) {
            return java.nio.ByteBuffer.wrap(rig.devices[copy].content)
                    .order(java.nio.ByteOrder.nativeOrder())
                    .getLong(block * BLOCK);
        }

        private void heal() {
            for (int i = 0; i < 2; i++) {
                rig.devices[i].dead = false;
                rig.devices[i].stuck = false;
                rig.devices[i].nextFault = BlockFault.NONE;
                rig.files[i].failWith("");
            }
            for (int i = 0; i < 100 && (inFlight > 0 || rig.phase() != MirrorPhase.MIRRORED); i++) {
                rig.run(200 * MirrorRig.MS);
            }
            assertEquals(MirrorPhase.MIRRORED, rig.phase(), () -> rig.mirror.status() + " " + rig.events);
            assertEquals(0, inFlight, "requests that never ended");
            if (planted == Planted.BIT_ROT) {
                rig.devices[random.nextInt(2)].content[random.nextInt(MirrorRig.DISK)] ^= 1;
            }
            rig.devices[0].landLateWrites();
            rig.devices[1].landLateWrites();
            rig.mirror.stopVerify();
            rig.run(200 * MirrorRig.MS);
            assertTrue(rig.mirror.startVerify());
            rig.run(1000 * MirrorRig.MS);
            VerifyReport report = rig.mirror.verifyReport();
            int differs = Arrays.mismatch(rig.devices[0].content, rig.devices[1].content);
            assertEquals(differs < 0 ? VerifyReport.State.EQUAL : VerifyReport.State.DIFFERENT, report.state());
            assertTrue(
                    differs < 0,
                    () -> "byte " + differs + " of the copies differs, verify says " + report + rig.events);
            for (int block = 0; block < BLOCKS; block++) {
                long value = stored(0, block);
                int at = block;
                boolean fine = model.allowed(block, rig.events.contains("POWER CUT")).stream()
                        .anyMatch(one -> one.value == value);
                assertTrue(fine, () -> "block " + at + " holds " + value + ": " + rig.events);
            }
        }
    }

    @Test
    void shouldKeepEveryAcknowledgedWriteAndNeverReadAStaleOne() {
        Map<String, Integer> seen = new TreeMap<>();
        for (long seed = 1; seed <= SEEDS; seed++) {
            try {
                Run run = new Run(seed, Planted.NOTHING);
                run.play(1500);
                for (String event : run.rig.events) {
                    seen.merge(event.replaceFirst("^[ab] ", "").replaceFirst(":.*", ""), 1, Integer::sum);
                }
            } catch (AssertionError | RuntimeException | MirrorRefusedException e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
        for (String step : List.of(
                "IN_SYNC -> LATCHING",
                "LATCHING -> STALE",
                "STALE -> SYNCING",
                "SYNCING -> STALE",
                "SYNCING -> IN_SYNC",
                "DEGRADED -> SUSPENDED",
                "SUSPENDED -> DEGRADED",
                "SUSPENDED -> GONE",
                "GONE -> DEGRADED",
                "KILLED",
                "POWER CUT")) {
            assertTrue(seen.getOrDefault(step, 0) > 0, step + " never happened: " + seen);
        }
    }

    private static void assertFound(Planted mistake) {
        Throwable found = assertThrows(Throwable.class, () -> {
            for (long seed = 1; seed <= 40; seed++) {
                new Run(seed, mistake).play(1500);
            }
        });
        assertTrue(found instanceof AssertionError, () -> "not by a check: " + found);
    }

    @Test
    void shouldFindALogThatForgets() {
        assertFound(Planted.LOG_FORGETS);
    }

    @Test
    void shouldFindAFlushThatLies() {
        assertFound(Planted.FLUSH_LIES);
    }

    @Test
    void shouldFindWritesThatLandAfterTheyFailed() {
        assertFound(Planted.WRITES_LAND_LATE);
    }

    @Test
    void shouldFindBitRot() {
        assertFound(Planted.BIT_ROT);
    }
}
