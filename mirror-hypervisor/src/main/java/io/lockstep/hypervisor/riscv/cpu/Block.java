package io.lockstep.hypervisor.riscv.cpu;

/** Decoded instructions from one physical address on, up to a jump, the end of the page, or {@link #MAX}. */
final class Block {
    static final int MAX = 48;

    final long address;
    final long[] code;
    /** Bit i: instruction i has four bytes. */
    final long wide;

    final int bytes;
    /** False after somebody wrote to its bytes. */
    boolean valid = true;

    Block nextInBucket;
    Block nextInPage;

    Block(long address, long[] code, long wide) {
        this.address = address;
        this.code = code;
        this.wide = wide;
        this.bytes = 2 * code.length + 2 * Long.bitCount(wide);
    }

    /** Bytes before instruction {@code index}. */
    int offset(int index) {
        return 2 * index + 2 * Long.bitCount(wide & ((1L << index) - 1));
    }
}
