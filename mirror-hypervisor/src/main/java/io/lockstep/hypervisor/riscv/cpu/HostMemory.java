package io.lockstep.hypervisor.riscv.cpu;

import org.agrona.UnsafeApi;

/** Loads and stores at an address of this process that a TLB entry vouches for; little endian, unaligned allowed. */
final class HostMemory {
    private HostMemory() {}

    static int loadShort(long address) {
        return UnsafeApi.getShort(address) & 0xffff;
    }

    static int loadInt(long address) {
        return UnsafeApi.getInt(address);
    }

    /** Zero-extended. */
    static long load(long address, int bytes) {
        return switch (bytes) {
            case 1 -> UnsafeApi.getByte(address) & 0xffL;
            case 2 -> UnsafeApi.getShort(address) & 0xffffL;
            case 4 -> UnsafeApi.getInt(address) & 0xffffffffL;
            default -> UnsafeApi.getLong(address);
        };
    }

    static void store(long address, int bytes, long value) {
        switch (bytes) {
            case 1 -> UnsafeApi.putByte(address, (byte) value);
            case 2 -> UnsafeApi.putShort(address, (short) value);
            case 4 -> UnsafeApi.putInt(address, (int) value);
            default -> UnsafeApi.putLong(address, value);
        }
    }
}
