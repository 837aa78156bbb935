package io.lockstep.hypervisor.riscv.device;

import io.lockstep.hypervisor.riscv.state.StateReader;
import io.lockstep.hypervisor.riscv.state.StateWriter;

/** Registers at a range of physical addresses. */
interface Device {
    /** Reads; the offset is inside the device. */
    long load(int offset, int bytes);

    /** Writes; the offset is inside the device. */
    void store(int offset, int bytes, long value);

    /** Saves everything that a later load may depend on. */
    void save(StateWriter writer);

    /** The reverse. */
    void load(StateReader reader);
}
