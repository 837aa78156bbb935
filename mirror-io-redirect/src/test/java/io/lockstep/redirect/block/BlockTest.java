package io.lockstep.redirect.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.agrona.BufferUtil;
import org.junit.jupiter.api.Test;

class BlockTest {
    private final BufferPool pool = new BufferPool(2, 1, 1);

    @Test
    void shouldLendNoMoreBuffersThanItHas() {
        IoBuffer first = pool.acquire(1);
        IoBuffer second = pool.acquire(BufferPool.SMALL);
        assertNull(pool.acquire(1));
        assertNotNull(pool.acquire(BufferPool.SMALL + 1));
        second.release();
        assertSame(second, pool.acquire(7));
        assertEquals(0, BufferUtil.address(first.bytes()) % IoBuffer.ALIGNMENT);
    }

    @Test
    void shouldKeepABufferThatAStuckCallStillUses() {
        IoBuffer buffer = pool.acquire(1);
        pool.acquire(1);
        buffer.retain();
        buffer.release();
        assertNull(pool.acquire(1));
        buffer.release();
        assertSame(buffer, pool.acquire(1));
        buffer.release();
        assertThrows(IllegalStateException.class, buffer::release);
        assertThrows(IllegalStateException.class, buffer::retain);
    }

    @Test
    void shouldRefuseABufferThatNoRequestMayNeed() {
        assertThrows(IllegalArgumentException.class, () -> pool.acquire(BlockGeometry.MAX_TRANSFER + 1));
        assertThrows(IllegalArgumentException.class, () -> pool.acquire(-1));
    }

    @Test
    void shouldJudgeRangesWithoutOverflow() {
        BlockGeometry geometry = new BlockGeometry(1 << 20, 512, 4096, 1 << 20, false, true, true);
        assertTrue(geometry.contains(0, 1 << 20));
        assertFalse(geometry.contains(1, 1 << 20));
        assertFalse(geometry.contains(Long.MAX_VALUE, Long.MAX_VALUE));
        assertFalse(geometry.contains(-1, 1));
        assertFalse(geometry.isAligned(512, 511));
        assertThrows(
                IllegalArgumentException.class,
                () -> new BlockGeometry((1 << 20) + 1, 512, 4096, 1 << 20, false, true, true));
    }

    @Test
    void shouldCompleteARequestOnce() {
        BlockRequest request = new BlockRequest(0);
        assertThrows(IllegalStateException.class, () -> request.complete(BlockFault.NONE));
        request.flush();
        request.submitTo(new Ends(), BlockTest::ignore);
        assertEquals(BlockFault.IO, request.fault());
        assertThrows(IllegalStateException.class, () -> request.complete(BlockFault.NONE));
    }

    private static void ignore(BlockRequest request) {
        assertEquals(BlockVerb.FLUSH, request.verb());
    }

    private static final class Ends implements BlockDevice {
        @Override
        public BlockGeometry geometry() {
            return new BlockGeometry(4096, 512, 4096, 4096, false, false, false);
        }

        @Override
        public void submit(BlockRequest request) {
            request.complete(BlockFault.IO);
        }

        @Override
        public int doWork(long nowNs) {
            return 0;
        }

        @Override
        public void close() {}
    }
}
