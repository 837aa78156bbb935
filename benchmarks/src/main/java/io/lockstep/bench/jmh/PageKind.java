package io.lockstep.bench.jmh;

import java.util.SplittableRandom;
import org.agrona.MutableDirectBuffer;

/** How a page differs from the version that was sent last. */
public enum PageKind {
    /** All zero, before and after. */
    ZERO(0),
    /** 64 bytes in one place. */
    CHANGED_64(64),
    /** 512 bytes: one 8-byte word in each 64-byte line. */
    SCATTERED_512(512),
    /** The first half. */
    HALF(2048),
    /** Everything. */
    RANDOM(4096);

    private static final int PAGE = 4096;
    private static final int LINE = 64;

    private final int changedBytes;

    PageKind(int changedBytes) {
        this.changedBytes = changedBytes;
    }

    /** Fills a page with its first version. The content is half text-like, half random, so that LZ4 has something to find. */
    void first(SplittableRandom random, MutableDirectBuffer page, int offset) {
        if (this == ZERO) {
            page.setMemory(offset, PAGE, (byte) 0);
            return;
        }
        for (int i = 0; i < PAGE; i += Long.BYTES) {
            boolean dense = this == RANDOM || (i / LINE) % 2 == 0;
            page.putLong(offset + i, dense ? random.nextLong() : 0x2020_6c69_6e65_0000L + (i & 0xff));
        }
    }

    /** Changes a page that holds the other version. */
    void change(SplittableRandom random, MutableDirectBuffer page, int offset) {
        int at = this == CHANGED_64 ? random.nextInt(PAGE / LINE) * LINE : 0;
        int step = this == SCATTERED_512 ? LINE : Long.BYTES;
        for (int done = 0; done < changedBytes; done += Long.BYTES, at += step) {
            page.putLong(offset + at, ~page.getLong(offset + at) ^ random.nextInt() << 1);
        }
    }
}
