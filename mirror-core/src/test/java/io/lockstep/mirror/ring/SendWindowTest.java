package io.lockstep.mirror.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SendWindowTest {
    private final SendWindow window = new SendWindow(64);

    private void fill(int records) {
        for (int i = 0; i < records; i++) {
            Slot slot = window.claim();
            assertNotNull(slot, "record " + i);
            slot.epochEnd(window.published() + 1, 0, 0);
            window.publish();
        }
    }

    @Test
    void shouldGiveNoSlotWhenFullUntilRecordsAreAcknowledged() {
        fill(64);
        assertNull(window.claim());
        assertEquals(64, window.poll((slot, position) -> true, 1000));
        assertNull(window.claim(), "sent is not acknowledged");
        assertEquals(64, window.pending());
        window.acknowledge(2);
        fill(3);
        assertNull(window.claim());
    }

    @Test
    void shouldHandOverEveryRecordOnceAndInOrder() {
        List<Long> seen = new ArrayList<>();
        for (int round = 0; round < 10; round++) {
            fill(50);
            while (window.poll(
                            (slot, position) -> {
                                assertEquals(position, slot.epoch());
                                seen.add(position);
                                return seen.size() % 7 != 0;
                            },
                            20)
                    > 0) {
                window.acknowledge(seen.get(seen.size() - 1));
            }
        }
        assertEquals(500, seen.size());
        for (int i = 0; i < 500; i++) {
            assertEquals(i, seen.get(i));
        }
    }

    @Test
    void shouldStopForGoodWhenAHandlerThrowsAndSkipNothing() {
        fill(3);
        List<Long> seen = new ArrayList<>();
        window.poll(
                (slot, position) -> {
                    if (position == 1) {
                        throw new IllegalStateException("broken");
                    }
                    seen.add(position);
                    return true;
                },
                10);
        assertEquals("broken", window.failure().getMessage());
        assertEquals(List.of(0L), seen);
        assertNull(window.claim());
        assertEquals(0, window.poll((slot, position) -> true, 10));
    }

    @Test
    void shouldRefuseToAcknowledgeWhatWasNeverPublished() {
        fill(3);
        assertThrows(IllegalArgumentException.class, () -> window.acknowledge(3));
        window.acknowledge(2);
        window.acknowledge(1);
        assertEquals(0, window.pending());
    }

    @Test
    void shouldNameTheLimitsOfItsSize() {
        for (int slots : new int[] {0, 63, 65, 96, 1 << 19}) {
            String message = assertThrows(IllegalArgumentException.class, () -> new SendWindow(slots))
                    .getMessage();
            assertTrue(message.contains(String.valueOf(slots)) && message.contains("262144"), message);
        }
    }
}
