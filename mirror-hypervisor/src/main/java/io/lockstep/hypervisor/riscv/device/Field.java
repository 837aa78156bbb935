package io.lockstep.hypervisor.riscv.device;

/** Parts of a 64-bit register. */
final class Field {
    private Field() {}

    private static long mask(int bytes) {
        return bytes >= 8 ? -1L : (1L << (8 * bytes)) - 1;
    }

    static long read(long register, int offset, int bytes) {
        return (register >>> (8 * (offset & 7))) & mask(bytes);
    }

    static long write(long register, int offset, int bytes, long value) {
        int shift = 8 * (offset & 7);
        long mask = mask(bytes) << shift;
        return (register & ~mask) | ((value << shift) & mask);
    }
}
