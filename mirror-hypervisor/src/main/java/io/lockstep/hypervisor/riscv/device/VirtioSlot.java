package io.lockstep.hypervisor.riscv.device;

import io.lockstep.hypervisor.riscv.memory.GuestRam;
import io.lockstep.hypervisor.riscv.state.StateReader;
import io.lockstep.hypervisor.riscv.state.StateWriter;

/** One virtio-mmio transport (virtio 1.2, section 4.2), version 2. */
final class VirtioSlot {
    static final int QUEUES = 2;

    private static final int MAGIC = 0x74726976;
    private static final int NEEDS_RESET = 0x40;
    private static final int DRIVER_OK = 4;

    private final Board board;
    private final int irq;
    private final VirtioModel model;
    private final VirtQueue[] queues = new VirtQueue[QUEUES];
    private int featureWord;
    private int driverWord;
    private long driverFeatures;
    private int selected;
    private int interrupt;
    private int status;

    VirtioSlot(Board board, GuestRam ram, int irq, VirtioModel model) {
        this.board = board;
        this.irq = irq;
        this.model = model;
        for (int i = 0; i < QUEUES; i++) {
            queues[i] = new VirtQueue(board, ram);
        }
    }

    VirtQueue queue(int index) {
        return queues[index];
    }

    /** True if the driver has set the device up. */
    boolean running() {
        return (status & DRIVER_OK) != 0 && (status & NEEDS_RESET) == 0;
    }

    /** Chains were given back and the driver wants to know. */
    void interrupt() {
        interrupt |= 1;
        board.line(irq, true);
    }

    private VirtQueue current() {
        return selected < model.queues() ? queues[selected] : null;
    }

    long load(int offset) {
        if (offset >= 0x100) {
            return model.config(offset - 0x100);
        }
        VirtQueue queue = current();
        return switch (offset) {
            case 0x00 -> MAGIC;
            case 0x04 -> 2;
            case 0x08 -> model.type();
            case 0x0c -> 0x4b434f4c;
            case 0x10 -> featureWord == 0 ? model.features() & 0xffffffffL : featureWord == 1 ? 1 : 0;
            case 0x34 -> queue == null ? 0 : VirtQueue.MOST;
            case 0x44 -> queue != null && queue.ready() ? 1 : 0;
            case 0x60 -> interrupt;
            case 0x70 -> status;
            default -> 0;
        };
    }

    void store(int offset, long value) {
        switch (offset) {
            case 0x14 -> featureWord = (int) value;
            case 0x20 -> {
                if (driverWord == 0 || driverWord == 1) {
                    driverFeatures = Field.write(driverFeatures, 4 * driverWord, 4, value);
                }
            }
            case 0x24 -> driverWord = (int) value;
            case 0x30 -> selected = (int) value & 0xffff;
            case 0x50 -> work();
            case 0x64 -> {
                interrupt &= (int) ~value;
                board.line(irq, interrupt != 0);
            }
            case 0x70 -> setStatus((int) value & 0xff);
            default -> storeQueue(offset, value);
        }
    }

    private void storeQueue(int offset, long value) {
        VirtQueue queue = current();
        if (queue == null) {
            return;
        }
        switch (offset) {
            case 0x38 -> queue.size((int) value);
            case 0x44 -> queue.ready((value & 1) != 0);
            case 0x80, 0x84 -> queue.place(0, offset == 0x84, value);
            case 0x90, 0x94 -> queue.place(1, offset == 0x94, value);
            case 0xa0, 0xa4 -> queue.place(2, offset == 0xa4, value);
            default -> {
                // nothing else can be written
            }
        }
    }

    private void setStatus(int value) {
        if (value != 0) {
            status = value | (status & NEEDS_RESET);
            work();
            return;
        }
        status = 0;
        interrupt = 0;
        driverFeatures = 0;
        selected = 0;
        for (VirtQueue each : queues) {
            each.reset();
        }
        model.reset();
        board.line(irq, false);
    }

    void work() {
        if (!running()) {
            return;
        }
        model.work(this);
        for (VirtQueue each : queues) {
            if (each.broken()) {
                status |= NEEDS_RESET;
                interrupt |= 2;
                board.line(irq, true);
            }
        }
    }

    void save(StateWriter writer) {
        writer.number(featureWord);
        writer.number(driverWord);
        writer.number(driverFeatures);
        writer.number(selected);
        writer.number(interrupt);
        writer.number(status);
        for (VirtQueue each : queues) {
            each.save(writer);
        }
        model.save(writer);
    }

    void load(StateReader reader) {
        featureWord = (int) reader.number();
        driverWord = (int) reader.number();
        driverFeatures = reader.number();
        selected = reader.number(0, 0xffff);
        interrupt = reader.number(0, 3);
        status = reader.number(0, 0xff);
        for (VirtQueue each : queues) {
            each.load(reader);
        }
        model.load(reader);
    }
}
