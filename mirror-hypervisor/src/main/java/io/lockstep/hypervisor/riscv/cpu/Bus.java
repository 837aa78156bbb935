package io.lockstep.hypervisor.riscv.cpu;

/** What the hart reaches below RAM. */
public interface Bus {
    /** True if a device answers to all of these bytes. */
    boolean covers(long address, int bytes);

    /** Reads a device's register; the value is zero-extended. */
    long load(long address, int bytes);

    /** Writes a device's register. */
    void store(long address, int bytes, long value);

    /** mtime after so many steps. */
    long time(long count);

    /** The guest wrote to a watched page of RAM (see {@link Hart#watch}). */
    void watched(long address, int bytes);
}
