package io.lockstep.redirect.path;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.IoBuffer;
import io.lockstep.redirect.path.BlockPath.Link;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every path does. Subclasses give a path to a disk of {@link #SIZE} zeroed bytes that may be written. */
public abstract class BlockPathContract {
    /** Bytes of the disk. */
    protected static final int SIZE = 8 << 20;

    private static final int BLOCK = 4096;

    /** Drives the path that is tested. */
    protected PathDriver driver;

    /** The path, closed, with what wakes the stack's thread. */
    protected abstract BlockPath path(Runnable wakeUp) throws Exception;

    @BeforeEach
    final void openPath() {
        driver = new PathDriver(wakeUp -> {
            try {
                return path(wakeUp);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        assertEquals(Link.CLOSED, driver.path().link());
        driver.opened();
    }

    @AfterEach
    final void closePath() {
        driver.close();
        assertEquals(Link.CLOSED, driver.path().link());
    }

    @Test
    final void shouldKnowItsGeometry() {
        BlockGeometry geometry = driver.path().geometry();
        assertEquals(SIZE, geometry.sizeBytes());
        assertTrue(geometry.minBlock() <= BLOCK);
        assertFalse(geometry.readOnly());
        assertEquals("", driver.path().trouble());
    }

    @Test
    final void shouldReadWhatWasWritten() {
        byte[] first = PathDriver.pattern(1, BLOCK);
        byte[] second = PathDriver.pattern(2, 1 << 20);
        assertEquals(BlockFault.NONE, driver.write(0, first, false));
        assertEquals(BlockFault.NONE, driver.write(SIZE - second.length, second, true));
        BlockRequest flush = driver.request();
        flush.flush();
        assertEquals(BlockFault.NONE, driver.finish(flush));
        assertArrayEquals(first, driver.read(0, first.length));
        assertArrayEquals(second, driver.read(SIZE - second.length, second.length));
        assertArrayEquals(new byte[BLOCK], driver.read(BLOCK, BLOCK));
    }

    @Test
    final void shouldUseThePartOfABufferThatWasNamed() {
        byte[] bytes = PathDriver.pattern(3, BLOCK);
        IoBuffer buffer = driver.buffer(4 * BLOCK);
        int odd = BLOCK + 24;
        buffer.view().putBytes(odd, bytes);
        BlockRequest request = driver.request();
        request.write(2 * BLOCK, BLOCK, buffer, odd, true);
        assertEquals(BlockFault.NONE, driver.finish(request));
        buffer.view().setMemory(0, 4 * BLOCK, (byte) 7);
        request.read(2 * BLOCK, BLOCK, buffer, odd);
        driver.ended().clear();
        assertEquals(BlockFault.NONE, driver.finish(request));
        byte[] read = new byte[BLOCK];
        buffer.view().getBytes(odd, read);
        assertArrayEquals(bytes, read);
        assertEquals(7, buffer.view().getByte(odd - 1));
        assertEquals(7, buffer.view().getByte(odd + BLOCK));
        buffer.release();
    }

    @Test
    final void shouldZeroARange() {
        for (boolean keep : new boolean[] {false, true}) {
            byte[] bytes = PathDriver.pattern(4, 16 * BLOCK);
            driver.write(0, bytes, false);
            BlockRequest zero = driver.request();
            zero.writeZeroes(4 * BLOCK, 8 * BLOCK, true, keep, false);
            assertEquals(BlockFault.NONE, driver.finish(zero));
            java.util.Arrays.fill(bytes, 4 * BLOCK, 12 * BLOCK, (byte) 0);
            assertArrayEquals(bytes, driver.read(0, bytes.length));
        }
    }

    @Test
    final void shouldTakeADiscardAsAHint() {
        byte[] bytes = PathDriver.pattern(5, 16 * BLOCK);
        driver.write(0, bytes, false);
        BlockRequest discard = driver.request();
        discard.discard(4 * BLOCK, 8 * BLOCK, true);
        assertEquals(BlockFault.NONE, driver.finish(discard));
        assertArrayEquals(java.util.Arrays.copyOf(bytes, 4 * BLOCK), driver.read(0, 4 * BLOCK));
        assertArrayEquals(
                java.util.Arrays.copyOfRange(bytes, 12 * BLOCK, 16 * BLOCK), driver.read(12 * BLOCK, 4 * BLOCK));
    }

    @Test
    final void shouldTellARunThatIsInTheRange() {
        driver.write(1 << 20, PathDriver.pattern(6, 1 << 16), true);
        long at = 0;
        boolean stored = false;
        while (at < SIZE) {
            BlockRequest status = driver.request();
            status.status(at, SIZE - at);
            assertEquals(BlockFault.NONE, driver.finish(status));
            long run = status.extentLength();
            assertTrue(
                    run > 0
                            && run <= SIZE - at
                            && run % driver.path().geometry().minBlock() == 0,
                    "run " + run);
            if (at <= 1 << 20 && at + run > 1 << 20) {
                stored = !status.extentZero();
            }
            at += run;
        }
        assertTrue(stored, "what was written is not told to be stored");
    }

    @Test
    final void shouldRefuseWhatCanNeverSucceed() {
        IoBuffer buffer = driver.buffer(BLOCK);
        BlockRequest request = driver.request();
        request.read(SIZE, BLOCK, buffer, 0);
        assertEquals(BlockFault.INVALID, driver.finish(request));
        request = driver.request();
        request.write(Long.MAX_VALUE - BLOCK + 1, BLOCK, buffer, 0, false);
        assertEquals(BlockFault.INVALID, driver.finish(request));
        request = driver.request();
        request.discard(-BLOCK, BLOCK, false);
        assertEquals(BlockFault.INVALID, driver.finish(request));
        int unit = driver.path().geometry().minBlock();
        if (unit > 1) {
            request = driver.request();
            request.read(0, unit - 1, buffer, 0);
            assertEquals(BlockFault.INVALID, driver.finish(request));
        }
        buffer.release();
        assertEquals(Link.OPEN, driver.path().link());
    }

    @Test
    final void shouldEndManyAtOnceEachOnce() {
        int count = 200;
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<BlockRequest> all = new ArrayList<>();
        List<IoBuffer> used = new ArrayList<>();
        byte[] block = new byte[BLOCK];
        for (int i = 0; i < count; i++) {
            IoBuffer buffer = driver.buffer(BLOCK);
            java.util.Arrays.fill(block, (byte) i);
            buffer.view().putBytes(0, block);
            BlockRequest request = driver.request();
            request.write((long) i * BLOCK, BLOCK, buffer, 0, random.nextInt(16) == 0);
            all.add(request);
            used.add(buffer);
            driver.submit(request);
            if (random.nextInt(4) == 0) {
                driver.path().doWork(System.nanoTime());
            }
        }
        driver.await(() -> driver.ended().size() == count, count + " writes, seed " + seed);
        used.forEach(IoBuffer::release);
        for (int i = 0; i < count; i++) {
            assertEquals(BlockFault.NONE, all.get(i).fault(), "seed " + seed);
            java.util.Arrays.fill(block, (byte) i);
            assertArrayEquals(block, driver.read((long) i * BLOCK, BLOCK), "block " + i + ", seed " + seed);
        }
        assertEquals(0, driver.path().outstanding());
    }

    @Test
    final void shouldTakeNothingAfterAnAbandonAndOpenAgain() {
        driver.write(0, PathDriver.pattern(8, BLOCK), true);
        driver.path().abandon("told to");
        assertEquals(Link.BROKEN, driver.path().link());
        assertEquals("told to", driver.path().trouble());
        BlockRequest flush = driver.request();
        flush.flush();
        assertEquals(BlockFault.NOT_ISSUED, driver.finish(flush));
        driver.path().abandon("again");
        assertEquals("told to", driver.path().trouble());
        driver.opened();
        assertEquals("", driver.path().trouble());
        assertArrayEquals(PathDriver.pattern(8, BLOCK), driver.read(0, BLOCK));
    }

    @Test
    final void shouldEndEverythingWhenAbandonedInTheMiddle() {
        int count = 150;
        IoBuffer buffer = driver.buffer(BLOCK);
        for (int i = 0; i < count; i++) {
            BlockRequest request = driver.request();
            request.write((long) i * BLOCK, BLOCK, buffer, 0, true);
            driver.submit(request);
        }
        driver.path().abandon("in the middle");
        driver.await(() -> driver.ended().size() == count, "all to end");
        for (BlockRequest request : driver.ended()) {
            BlockFault fault = request.fault();
            assertTrue(
                    fault == BlockFault.NONE || fault == BlockFault.IO || fault == BlockFault.NOT_ISSUED, fault + "");
        }
        assertEquals(0, driver.path().outstanding());
        buffer.retain(); // would throw if somebody had given it back too often
        buffer.release();
        buffer.release();
        assertThrows(IllegalStateException.class, buffer::release);
    }

    @Test
    final void shouldRefuseToOpenWhatIsOpen() {
        assertThrows(IllegalStateException.class, () -> driver.path().open(2));
        assertEquals(Link.OPEN, driver.path().link());
    }
}
