package io.lockstep.hypervisor.riscv.device;

import io.lockstep.hypervisor.riscv.state.StateReader;
import io.lockstep.hypervisor.riscv.state.StateWriter;

/** What a virtio device does, behind the registers of its {@link VirtioSlot}. */
interface VirtioModel {
    /** Device type (virtio 1.2, section 5). */
    int type();

    /** Feature bits below 32. */
    int features();

    /** Number of queues, at most {@link VirtioSlot#QUEUES}. */
    int queues();

    /** Eight bytes of the configuration space. */
    long config(int offset);

    /** The driver has put something into a queue, or there is something for it. */
    void work(VirtioSlot slot);

    /** The driver has reset the device. */
    void reset();

    void save(StateWriter writer);

    void load(StateReader reader);
}
