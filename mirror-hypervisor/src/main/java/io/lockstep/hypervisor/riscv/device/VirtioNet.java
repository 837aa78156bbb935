package io.lockstep.hypervisor.riscv.device;

import io.lockstep.hypervisor.riscv.state.StateReader;
import io.lockstep.hypervisor.riscv.state.StateWriter;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** The network card (virtio 1.2, section 5.1): queue 0 receives, queue 1 transmits, no offloads. */
final class VirtioNet implements VirtioModel {
    private static final int HEADER = 12;
    /** Without offloads no frame is longer; one that is, is dropped. */
    private static final int LARGEST_FRAME = 2048;

    private final Board board;
    private final long mac;
    private final UnsafeBuffer frame = new UnsafeBuffer(new byte[HEADER + LARGEST_FRAME]);

    VirtioNet(Board board, long mac) {
        this.board = board;
        this.mac = mac;
    }

    @Override
    public int type() {
        return 1;
    }

    @Override
    public int features() {
        return 1 << 5; // the address is in the configuration
    }

    @Override
    public int queues() {
        return 2;
    }

    @Override
    public long config(int offset) {
        return offset == 0 ? Long.reverseBytes(mac << 16) : 0;
    }

    @Override
    public void work(VirtioSlot slot) {
        VirtQueue queue = slot.queue(1);
        boolean tell = false;
        while (queue.next()) {
            int length = queue.readable() - HEADER;
            if (length > 0 && length <= LARGEST_FRAME) {
                queue.read(HEADER, frame, 0, length);
                board.say(Board.NETWORK, frame, 0, length);
            }
            tell |= queue.finish(0);
        }
        if (tell) {
            slot.interrupt();
        }
    }

    /** While the driver has no room for a frame it is not accepted; without a driver it is, and dropped. */
    boolean accepts(VirtioSlot slot, int length) {
        return length > 0
                && length <= LARGEST_FRAME
                && (!slot.running() || slot.queue(0).hasNext());
    }

    void receive(VirtioSlot slot, DirectBuffer source, int offset, int length) {
        VirtQueue queue = slot.queue(0);
        if (!queue.next()) {
            return;
        }
        int total = HEADER + length;
        boolean fits = queue.writable() >= total;
        if (fits) {
            frame.setMemory(0, HEADER, (byte) 0);
            frame.putByte(10, (byte) 1); // one buffer
            frame.putBytes(HEADER, source, offset, length);
            queue.write(0, frame, 0, total);
        }
        if (queue.finish(fits ? total : 0)) {
            slot.interrupt();
        }
    }

    @Override
    public void reset() {
        // nothing is kept
    }

    @Override
    public void save(StateWriter writer) {
        // nothing is kept
    }

    @Override
    public void load(StateReader reader) {
        // nothing was kept
    }
}
