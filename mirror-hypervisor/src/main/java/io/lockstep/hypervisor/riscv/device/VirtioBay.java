package io.lockstep.hypervisor.riscv.device;

import io.lockstep.hypervisor.riscv.memory.GuestRam;
import io.lockstep.hypervisor.riscv.state.StateReader;
import io.lockstep.hypervisor.riscv.state.StateWriter;
import org.agrona.DirectBuffer;

/** The eight virtio slots of the board: disk, network card, console, entropy, and four empty ones. */
final class VirtioBay implements Device {
    static final long BASE = 0x1000_1000L;
    static final int SLOT = 0x1000;
    static final int SLOTS = 8;
    static final int SIZE = SLOTS * SLOT;
    static final int FIRST_IRQ = 1;
    /** Slots that have a device. */
    static final int USED = 4;

    private final VirtioNet net;
    private final VirtioStream console;
    private final VirtioEntropy entropy = new VirtioEntropy();
    private final VirtioSlot[] slots;

    VirtioBay(Board board, GuestRam ram, BoardConfig config) {
        net = new VirtioNet(board, config.mac());
        console = new VirtioStream(board);
        VirtioModel[] models = {new VirtioBlock(config.disk()), net, console, entropy};
        slots = new VirtioSlot[USED];
        for (int i = 0; i < USED; i++) {
            slots[i] = new VirtioSlot(board, ram, FIRST_IRQ + i, models[i]);
        }
    }

    @Override
    public long load(int offset, int bytes) {
        int slot = offset / SLOT;
        if (slot >= USED) {
            return offset % SLOT == 0 ? 0x74726976 : offset % SLOT == 4 ? 2 : 0;
        }
        int inside = offset % SLOT;
        return Field.read(
                slots[slot].load(inside >= 0x100 ? inside & ~7 : inside), inside >= 0x100 ? inside : 0, bytes);
    }

    @Override
    public void store(int offset, int bytes, long value) {
        int slot = offset / SLOT;
        if (slot < USED) {
            slots[slot].store(offset % SLOT, value);
        }
    }

    boolean accepts(int channel, int length) {
        return switch (channel) {
            case Board.STREAM -> console.accepts(length);
            case Board.NETWORK -> net.accepts(slots[1], length);
            case Board.ENTROPY -> entropy.accepts(length);
            default -> false;
        };
    }

    void inject(int channel, DirectBuffer source, int offset, int length) {
        switch (channel) {
            case Board.STREAM -> {
                console.receive(source, offset, length);
                slots[2].work();
            }
            case Board.NETWORK -> {
                if (slots[1].running()) {
                    net.receive(slots[1], source, offset, length);
                }
            }
            default -> {
                entropy.receive(source, offset, length);
                slots[3].work();
            }
        }
    }

    @Override
    public void save(StateWriter writer) {
        for (VirtioSlot each : slots) {
            each.save(writer);
        }
    }

    @Override
    public void load(StateReader reader) {
        for (VirtioSlot each : slots) {
            each.load(reader);
        }
    }
}
