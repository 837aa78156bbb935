package io.lockstep.mirror.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Random;
import java.util.TreeSet;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class MemoryTest {
    @Test
    void shouldBehaveLikeASetOfNumbers() {
        for (long seed = 0; seed < 100; seed++) {
            Random random = new Random(seed);
            int count = 1 + random.nextInt(seed % 2 == 0 ? 300 : 20_000);
            PageSet pages = new PageSet(count);
            TreeSet<Long> model = new TreeSet<>();
            for (int i = 0; i < 200; i++) {
                long page = random.nextInt(count);
                switch (random.nextInt(7)) {
                    case 0 -> assertEquals(model.remove(page), pages.remove(page), "seed " + seed);
                    case 1 -> {
                        long bits = random.nextLong();
                        int word = (int) (page >>> 6);
                        bits &= count - (long) word * 64 >= 64 ? -1L : (1L << (count - word * 64)) - 1;
                        pages.addWord(word, bits);
                        for (int bit = 0; bit < 64; bit++) {
                            if ((bits >>> bit & 1) != 0) {
                                model.add((long) word * 64 + bit);
                            }
                        }
                    }
                    case 5 -> {
                        long end = Math.min(count, page + random.nextInt(200));
                        pages.addRange(page, end);
                        for (long added = page; added < end; added++) {
                            model.add(added);
                        }
                    }
                    case 6 -> {
                        PageSet others = new PageSet(count);
                        others.add(page);
                        others.add(count - 1);
                        pages.addAll(others);
                        model.add(page);
                        model.add(count - 1L);
                    }
                    case 2 -> {
                        if (random.nextInt(20) == 0) {
                            pages.clear();
                            model.clear();
                        }
                    }
                    default -> assertEquals(model.add(page), pages.add(page), "seed " + seed);
                }
                assertEquals(model.size(), pages.size(), "seed " + seed);
                assertEquals(model.contains(page), pages.contains(page), "seed " + seed);
                Long next = model.ceiling(page);
                assertEquals(next == null ? -1 : next, pages.next(page), "seed " + seed);
            }
        }
    }

    @Test
    void shouldRefusePagesOutsideTheSet() {
        PageSet pages = new PageSet(70);
        assertThrows(IndexOutOfBoundsException.class, () -> pages.add(70));
        assertThrows(IndexOutOfBoundsException.class, () -> pages.remove(-1));
        assertThrows(IndexOutOfBoundsException.class, () -> pages.addWord(1, 1L << 6));
        assertThrows(IllegalArgumentException.class, () -> new PageSet(0));
        pages.addAll();
        assertEquals(70, pages.size());
        assertEquals(-1, pages.next(70));
    }

    @Test
    void shouldAddressMoreThanTwoGibibytes() {
        long bytes = 5L << 30;
        PageRegion region = PageRegion.ofAddress(1L << 40, bytes); // only arithmetic; nothing is mapped there
        assertEquals(bytes >>> 12, region.pageCount());
        assertEquals(bytes, region.bytes());
        long perChunk = 1L << 18;
        assertSame(region.chunk(perChunk), region.chunk(2 * perChunk - 1));
        assertNotSame(region.chunk(perChunk - 1), region.chunk(perChunk));
        for (long page : new long[] {0, perChunk - 1, perChunk, 3 * perChunk + 17, region.pageCount() - 1}) {
            assertEquals(
                    (1L << 40) + page * 4096, region.chunk(page).addressOffset() + region.offset(page), "page " + page);
        }
        assertThrows(IndexOutOfBoundsException.class, () -> region.chunk(region.pageCount()));
        assertThrows(IllegalArgumentException.class, () -> PageRegion.ofAddress(4096, 4097));
    }

    @Test
    void shouldCopyAndClearWholePages() {
        PageRegion region = PageRegion.onHeap(4);
        UnsafeBuffer page = new UnsafeBuffer(new byte[4096]);
        page.setMemory(0, 4096, (byte) 9);
        region.write(2, page, 0);
        region.copyFrom(region, 2, 1);
        region.zero(2);
        UnsafeBuffer copy = new UnsafeBuffer(new byte[4096]);
        region.read(1, copy, 0);
        assertEquals(page, copy);
        assertEquals(0, region.chunk(2).getLong(region.offset(2)));
        assertEquals(0, region.chunk(3).getLong(region.offset(3)));
    }
}
