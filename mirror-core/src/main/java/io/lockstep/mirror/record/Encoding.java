package io.lockstep.mirror.record;

/** How the content of a page record is to be read. The order is the wire's. */
public enum Encoding {
    /** No content: every byte of the page is zero. */
    ZERO,
    /** The 4096 bytes of the page. */
    RAW,
    /** 64 bytes of bitmap, then the 8-byte words that changed against the version before. */
    DELTA,
    /** The page as one LZ4 block. */
    LZ4
}
