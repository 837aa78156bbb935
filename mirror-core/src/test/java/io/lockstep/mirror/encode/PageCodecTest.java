package io.lockstep.mirror.encode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.record.Encoding;
import io.lockstep.mirror.record.RecordFault;
import java.util.EnumSet;
import java.util.Random;
import java.util.Set;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class PageCodecTest {
    private static final int PAGE = PageRegion.PAGE_SIZE;
    private static final int PAGES = 8;

    private final PageExpander expander = new PageExpander();
    private final UnsafeBuffer wire = new UnsafeBuffer(new byte[PAGE + 64]);

    @Test
    void shouldMakeEveryPageWholeAgain() {
        Set<Encoding> seen = EnumSet.noneOf(Encoding.class);
        for (long seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            PageCompressor compressor = new PageCompressor(PageRegion.onHeap(PAGES));
            PageRegion replica = PageRegion.onHeap(PAGES);
            UnsafeBuffer page = new UnsafeBuffer(new byte[PAGE]);
            for (int i = 0; i < 30; i++) {
                int number = random.nextInt(PAGES);
                replica.read(number, page, 0);
                change(random, page);
                boolean slow = random.nextBoolean();
                int length = random.nextInt(5) == 0
                        ? compressor.encodeWhole(number, page, wire, 8, slow)
                        : compressor.encode(number, page, wire, 8, slow);
                assertTrue(length <= PAGE, "seed " + seed);
                seen.add(compressor.encoding());
                expander.expand(compressor.encoding(), wire, 8, length, replica.chunk(number), replica.offset(number));
                UnsafeBuffer result = new UnsafeBuffer(new byte[PAGE]);
                replica.read(number, result, 0);
                assertEquals(page, result, "seed " + seed + ", step " + i + ", " + compressor.encoding());
            }
        }
        assertEquals(EnumSet.allOf(Encoding.class), seen);
    }

    private static void change(Random random, UnsafeBuffer page) {
        switch (random.nextInt(5)) {
            case 0 -> page.setMemory(0, PAGE, (byte) 0);
            case 1 -> random.nextBytes(page.byteArray());
            case 2 -> page.setMemory(random.nextInt(PAGE / 2), PAGE / 2, (byte) random.nextInt());
            default -> {
                int words = random.nextInt(random.nextBoolean() ? 8 : 512);
                for (int i = 0; i < words; i++) {
                    page.putLong(8 * random.nextInt(PAGE / 8), random.nextLong());
                }
            }
        }
    }

    @Test
    void shouldRefuseEveryContentOfAWrongLength() {
        UnsafeBuffer target = new UnsafeBuffer(new byte[PAGE]);
        refuse(Encoding.ZERO, 1, target);
        refuse(Encoding.RAW, 0, target);
        refuse(Encoding.RAW, PAGE - 1, target);
        refuse(Encoding.LZ4, 0, target);
        refuse(Encoding.LZ4, PAGE, target);
        for (int length : new int[] {0, 63, 65, 71, 72, PAGE}) {
            wire.setMemory(0, wire.capacity(), (byte) 0);
            wire.putByte(3, (byte) 7); // three words are announced
            refuse(Encoding.DELTA, length, target);
        }
    }

    @Test
    void shouldRefuseRandomBytesOrMakeAPageOfThem() {
        UnsafeBuffer around = new UnsafeBuffer(new byte[3 * PAGE]);
        for (long seed = 0; seed < 3000; seed++) {
            Random random = new Random(seed);
            random.nextBytes(wire.byteArray());
            Encoding encoding = Encoding.values()[random.nextInt(4)];
            try {
                expander.expand(encoding, wire, 0, random.nextInt(PAGE + 1), around, PAGE);
            } catch (RecordFault expected) {
                assertTrue(expected.getMessage().length() > 10);
            }
            for (int i = 0; i < PAGE; i += 8) {
                assertEquals(0, around.getLong(i), "seed " + seed);
                assertEquals(0, around.getLong(2 * PAGE + i), "seed " + seed);
            }
        }
    }

    private void refuse(Encoding encoding, int length, UnsafeBuffer target) {
        assertThrows(
                RecordFault.class,
                () -> expander.expand(encoding, wire, 0, length, target, 0),
                encoding + " " + length);
    }
}
