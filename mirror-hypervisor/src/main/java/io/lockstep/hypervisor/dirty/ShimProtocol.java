package io.lockstep.hypervisor.dirty;

import io.lockstep.mirror.memory.PageRegion;

/**
 * What the shim and the engine say to each other, in host byte order; its twin is {@code mirror_shim.c}.
 *
 * <pre>
 *   hello, shim -> engine, once    request, engine -> shim      answer, shim -> engine
 *   +---------------------+ 0      +---------------------+ 0    +---------------------+ 0
 *   | u32 magic           |        | u32 magic           |      | u32 magic           |
 *   | u32 version         | 4      | u32 op (1 = scan)   | 4    | i32 status, -errno  | 4
 *   | i32 status, -errno  | 8      | u64 sequence        | 8    | u32 step that failed| 8
 *   | u32 step that failed| 12     +---------------------+ 16   | u32 mappings        | 12
 *   | i64 pid             | 16                                  | u64 sequence        | 16
 *   | u64 bytes tracked   | 24                                  | u64 pages in map    | 24
 *   | char text[224]      | 32                                  | u64 bytes tracked   | 32
 *   +---------------------+ 256                                 +---------------------+ 40
 * </pre>
 *
 * The dirty map has one bit per 4 KiB page of the RAM file (bit i of word w is page 64 w + i). The shim writes it only between a
 * request and its answer; the engine reads and clears it only between an answer and its next request.
 */
final class ShimProtocol {
    static final int MAGIC = 0x314d534c;
    static final int VERSION = 1;
    static final int OP_SCAN = 1;

    static final int HELLO_BYTES = 256;
    static final int HELLO_MAGIC = 0;
    static final int HELLO_VERSION = 4;
    static final int HELLO_STATUS = 8;
    static final int HELLO_PID = 16;
    static final int HELLO_TEXT = 32;

    static final int REQUEST_BYTES = 16;
    static final int REQUEST_MAGIC = 0;
    static final int REQUEST_OP = 4;
    static final int REQUEST_SEQUENCE = 8;

    static final int ANSWER_BYTES = 40;
    static final int ANSWER_MAGIC = 0;
    static final int ANSWER_STATUS = 4;
    static final int ANSWER_STEP = 8;
    static final int ANSWER_SEQUENCE = 16;
    static final int ANSWER_PAGES = 24;
    static final int ANSWER_TRACKED_BYTES = 32;

    private static final String[] STEPS = {
        "nothing",
        "userfaultfd",
        "UFFDIO_API",
        "UFFDIO_REGISTER",
        "open /proc/self/pagemap",
        "PAGEMAP_SCAN",
        "mapping the dirty map",
        "bookkeeping of guest RAM mappings",
        "reading the request"
    };

    private ShimProtocol() {}

    /** Names a step for people. */
    static String step(int step) {
        return step >= 0 && step < STEPS.length ? STEPS[step] : "step " + step;
    }

    /** Words of 64 pages in the dirty map of that much RAM. */
    static int mapWords(long ramBytes) {
        return Math.toIntExact((ramBytes / PageRegion.PAGE_SIZE + 63) >>> 6);
    }

    /** Size of the dirty map of that much RAM, in whole pages. */
    static long mapBytes(long ramBytes) {
        long bytes = (long) mapWords(ramBytes) * Long.BYTES;
        return (bytes + PageRegion.PAGE_SIZE - 1) & -PageRegion.PAGE_SIZE;
    }
}
