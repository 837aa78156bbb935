package io.lockstep.redirect.regions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.redirect.regions.RegionLogException.Kind;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RegionLogTest {
    private static final long DISK = (1L << 30) + 4096;
    private static final RegionLogConfig CONFIG = RegionLogConfig.of("web", DISK);

    private LossyLogFile file = new LossyLogFile();
    private RegionLog log = open();
    private long nowNs;

    private RegionLog open() {
        return open(CONFIG);
    }

    private RegionLog open(RegionLogConfig config) {
        try {
            return RegionLog.open(file, config, file, () -> {});
        } catch (RegionLogException e) {
            throw new AssertionError(e);
        }
    }

    private Kind refusalOf(RegionLogConfig config) {
        return assertThrows(RegionLogException.class, () -> RegionLog.open(file, config, file, () -> {}))
                .kind();
    }

    private void settle() {
        do {
            file.runTasks();
        } while (log.doWork(nowNs) > 0);
    }

    private void reopenAfterPowerCut() {
        file = file.afterPowerCut(new Random(1));
        log = open();
    }

    @Test
    void shouldSayThatAMarkIsDurableOnlyWhenItIs() {
        long ticket = log.mark(70_000, 1);
        assertNotEquals(RegionLog.DURABLE, ticket);
        assertEquals(ticket, log.mark(65_536, 65_536));
        log.doWork(nowNs);
        assertFalse(log.isDurable(ticket));
        long later = log.mark(0, 1);
        file.runTasks();
        assertFalse(log.isDurable(ticket));
        log.doWork(nowNs);
        assertTrue(log.isDurable(ticket));
        assertFalse(log.isDurable(later));
        assertEquals(RegionLog.DURABLE, log.mark(65_536, 65_536));
        reopenAfterPowerCut();
        assertTrue(log.isMarked(1));
        assertEquals(1, log.nextMarked(1));
    }

    @Test
    void shouldMarkEveryRegionARangeTouchesAndClearOnlyWholeOnes() {
        log.mark(DISK - 1, 1);
        log.mark(65_535, 2 * 65_536L);
        assertEquals(4, log.markedCount());
        assertEquals(log.regions() - 1, log.nextMarked(3));
        log.clear(1, DISK - 1);
        assertEquals(1, log.markedCount());
        assertTrue(log.isMarked(0));
        log.clear(0, 65_535);
        assertTrue(log.isMarked(0));
        assertEquals(-1, log.nextMarked(1));
        assertEquals(RegionLog.DURABLE, log.mark(5, 0));
    }

    @Test
    void shouldWriteAClearedRegionLaterAndThenNeedANewMark() {
        log.mark(0, 1);
        settle();
        log.clear(0, 65_536);
        assertEquals(RegionLog.DURABLE, log.mark(0, 1));
        log.clear(0, 65_536);
        settle();
        nowNs += CONFIG.lazyNs();
        log.doWork(nowNs);
        assertNotEquals(RegionLog.DURABLE, log.mark(0, 1), "the file may lack it from now on");
        settle();
        assertEquals(RegionLog.DURABLE, log.mark(0, 1));
        reopenAfterPowerCut();
        assertTrue(log.isMarked(0));
    }

    @Test
    void shouldKeepTheOldStateWhenTheNewOneIsTorn() {
        CopyState first = CopyState.UNKNOWN.equalTo(7);
        log.update(first);
        settle();
        for (int seed = 0; seed < 50; seed++) {
            CopyState next = first.alone(seed + 100, 7);
            log.update(next);
            log.doWork(nowNs);
            file.failWith("cut");
            file.runTasks();
            file.failWith("");
            file = file.afterPowerCut(new Random(seed));
            log = open();
            assertTrue(log.state().equals(first) || log.state().equals(next), "seed " + seed + ": " + log.state());
            log.update(first);
            settle();
        }
    }

    @Test
    void shouldTakeEveryRegionOfADamagedBlockAsMarked() {
        log.mark(0, 1);
        settle();
        file.content()[LogLayout.BITMAP_AT + 512 + 17] ^= 4;
        log = open();
        assertEquals(1, log.damagedBlocks());
        assertEquals(1 + LogLayout.REGIONS_PER_BLOCK, log.markedCount());
        settle();
        log = open();
        assertEquals(0, log.damagedBlocks());
        assertEquals(1 + LogLayout.REGIONS_PER_BLOCK, log.markedCount());
    }

    @Test
    void shouldRefuseWhatIsNotTheLogOfThisDisk() {
        assertEquals(Kind.OTHER_DISK, refusalOf(RegionLogConfig.of("db", DISK)));
        assertEquals(Kind.WRONG_SIZE, refusalOf(RegionLogConfig.of("web", DISK + 512)));
        byte[] good = file.content().clone();
        file = new LossyLogFile(java.util.Arrays.copyOf(good, good.length - 4096));
        assertEquals(Kind.WRONG_SIZE, refusalOf(CONFIG));
        file = new LossyLogFile(java.util.Arrays.copyOf(good, 100));
        assertEquals(Kind.WRONG_SIZE, refusalOf(CONFIG));
        file = new LossyLogFile(new byte[good.length]);
        assertEquals(Kind.WRONG_MAGIC, refusalOf(CONFIG));
        file = new LossyLogFile(good.clone());
        file.content()[100] ^= 1;
        assertEquals(1, open().state().equals(CopyState.UNKNOWN) ? 1 : 0);
        file.content()[LogLayout.PAGE + 300] ^= 1;
        assertEquals(Kind.TORN, refusalOf(CONFIG));
        file.content()[8] = 2;
        assertEquals(Kind.OTHER_VERSION, refusalOf(CONFIG));
        file = new LossyLogFile();
        file.failWith("No space left on device");
        assertEquals(Kind.NO_SPACE, refusalOf(CONFIG));
        assertThrows(IllegalArgumentException.class, () -> CONFIG.withRegionBytes(5000));
        assertThrows(IllegalArgumentException.class, () -> RegionLogConfig.of("", 1));
        assertThrows(IllegalArgumentException.class, () -> RegionLogConfig.of("web", 1L << 40)
                .withRegionBytes(4096));
    }

    @Test
    void shouldKeepTheRegionSizeOfAnOldLog() {
        log = open(CONFIG.withRegionBytes(1 << 20));
        assertEquals(CONFIG.regionBytes(), log.regionBytes());
    }

    @Test
    void shouldHoldEverythingBackWhileTheFileFailsAndLoseNothing() {
        file.failWith("No space left on device");
        long ticket = log.mark(0, 1);
        log.update(CopyState.UNKNOWN.equalTo(9));
        settle();
        assertEquals(Kind.NO_SPACE, log.problem());
        assertTrue(log.problemText().contains("No space left"));
        assertFalse(log.isDurable(ticket));
        settle();
        assertFalse(file.hasTasks(), "not tried again at once");
        file.failWith("");
        nowNs += CONFIG.retryNs();
        settle();
        assertNull(log.problem());
        assertTrue(log.isDurable(ticket));
        reopenAfterPowerCut();
        assertTrue(log.isMarked(0));
        assertEquals(9, log.state().token());
    }

    @Test
    void shouldNotLetAGenerationGoBack() {
        log.update(CopyState.UNKNOWN.withGeneration(3));
        assertThrows(IllegalArgumentException.class, () -> log.update(CopyState.UNKNOWN.withGeneration(2)));
    }

    @Test
    void shouldNotAllocateForRegionsThatAreMarked() {
        log.mark(0, 1 << 20);
        settle();
        com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long id = Thread.currentThread().getId();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 5; round++) {
            long before = threads.getThreadAllocatedBytes(id);
            for (int i = 0; i < 10_000; i++) {
                log.mark((i & 15) << 16, 4096);
                log.doWork(nowNs);
            }
            least = Math.min(least, threads.getThreadAllocatedBytes(id) - before);
        }
        assertTrue(least < 1000, least + " bytes for 10,000 marks");
    }

    @Test
    void shouldWorkOnARealFileWithItsOwnThread(@TempDir Path directory) throws Exception {
        Path path = directory.resolve("web.regions");
        Semaphore woken = new Semaphore(0);
        RegionLog real = RegionLog.open(path, CONFIG, woken::release);
        assertTrue(real.created());
        assertEquals(
                Kind.IN_USE,
                assertThrows(RegionLogException.class, () -> RegionLog.open(path, CONFIG, () -> {}))
                        .kind());
        long ticket = real.mark(12 << 16, 1);
        real.update(CopyState.UNKNOWN.equalTo(5));
        real.doWork(0);
        assertTrue(woken.tryAcquire(30, TimeUnit.SECONDS));
        real.doWork(0);
        assertTrue(real.isDurable(ticket));
        real.close();
        real.close();
        RegionLog again = reopened(path);
        assertFalse(again.created());
        assertEquals(5, again.state().token());
        assertEquals(12, again.nextMarked(0));
        assertEquals(real.logId(), again.logId());
        again.close();
        assertFalse(Files.exists(directory.resolve("web.regions.new")));
    }

    /** The file is given back by the log's thread, a moment after close. */
    private static RegionLog reopened(Path path) throws RegionLogException {
        long deadline = System.nanoTime() + 30_000_000_000L;
        while (true) {
            try {
                return RegionLog.open(path, CONFIG, () -> {});
            } catch (RegionLogException e) {
                if (e.kind() != Kind.IN_USE || System.nanoTime() > deadline) {
                    throw e;
                }
                Thread.onSpinWait();
            }
        }
    }
}
