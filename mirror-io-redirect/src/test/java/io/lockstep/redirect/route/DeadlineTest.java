package io.lockstep.redirect.route;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.redirect.block.BlockRequest;
import org.junit.jupiter.api.Test;

class DeadlineTest {
    private static final long MS = 1_000_000L;
    private static final DeadlineConfig CONFIG =
            new DeadlineConfig(50 * MS, 100 * MS, 1_000 * MS, 20, 10 * MS, 1_000 * MS);

    private final Deadline deadline = new Deadline(CONFIG);
    private final BlockRequest small = new BlockRequest(0);
    private final BlockRequest flush = new BlockRequest(1);

    DeadlineTest() {
        small.discard(0, 4096, false);
        small.status(0, 4096);
        flush.flush();
    }

    private void end(int count, long tookNs) {
        for (int i = 0; i < count; i++) {
            deadline.ended(small, tookNs);
        }
    }

    @Test
    void shouldBeTheFloorUntilEnoughIsKnown() {
        end(99, 40 * MS);
        deadline.refresh(0);
        assertEquals(50 * MS, deadline.limitNs(small));
        assertEquals(100 * MS, deadline.limitNs(flush));
    }

    @Test
    void shouldFollowThe99thPercentileOfTheRecentPast() {
        deadline.refresh(0);
        end(980, MS);
        end(20, 8 * MS);
        deadline.refresh(10 * MS);
        long limit = deadline.limitNs(small);
        assertTrue(limit >= 160 * MS && limit <= 200 * MS, limit + " for 20 x 8 ms");
        assertEquals(100 * MS, deadline.limitNs(flush), "another kind of request");
        deadline.refresh(1_000 * MS);
        end(2_000, MS);
        deadline.refresh(2_000 * MS);
        end(2_000, MS);
        deadline.refresh(2_001 * MS);
        assertEquals(50 * MS, deadline.limitNs(small), "the slow ones are long ago");
    }

    @Test
    void shouldNotFollowAFewOutliers() {
        deadline.refresh(0);
        end(995, MS);
        end(5, 900 * MS);
        deadline.refresh(MS);
        assertEquals(50 * MS, deadline.limitNs(small));
    }

    @Test
    void shouldEndAtTheCeilingAndAllowForSize() {
        deadline.refresh(0);
        end(1_000, 900 * MS);
        deadline.refresh(MS);
        assertEquals(1_000 * MS, deadline.limitNs(small));
        BlockRequest large = new BlockRequest(2);
        large.status(0, 32 << 20);
        assertEquals(1_320 * MS, deadline.limitNs(large));
    }

    @Test
    void shouldRefuseLimitsThatContradictEachOther() {
        String message = assertThrows(IllegalArgumentException.class, () -> new DeadlineConfig(2, 1, 3, 0, 0, 1))
                .getMessage();
        assertTrue(message.contains("slowFloorNs is 1"), message);
        assertThrows(IllegalArgumentException.class, () -> new DeadlineConfig(1, 1, 1, 1_001, 0, 1));
    }
}
