package io.lockstep.hypervisor.riscv.device;

import io.lockstep.hypervisor.riscv.state.StateReader;
import io.lockstep.hypervisor.riscv.state.StateWriter;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** The entropy device (virtio 1.2, section 5.4): hands on what was injected; requests wait while there is nothing. */
final class VirtioEntropy implements VirtioModel {
    private static final int QUEUE = 4096;

    private final ByteQueue received = new ByteQueue(QUEUE);
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[QUEUE]);

    boolean accepts(int length) {
        return length <= received.free();
    }

    void receive(DirectBuffer source, int offset, int length) {
        received.put(source, offset, length);
    }

    @Override
    public int type() {
        return 4;
    }

    @Override
    public int features() {
        return 0;
    }

    @Override
    public int queues() {
        return 1;
    }

    @Override
    public long config(int offset) {
        return 0;
    }

    @Override
    public void work(VirtioSlot slot) {
        VirtQueue queue = slot.queue(0);
        boolean tell = false;
        while (received.size() > 0 && queue.next()) {
            int length = Math.min(received.size(), queue.writable());
            for (int i = 0; i < length; i++) {
                buffer.putByte(i, (byte) received.take());
            }
            queue.write(0, buffer, 0, length);
            tell |= queue.finish(length);
        }
        if (tell) {
            slot.interrupt();
        }
    }

    @Override
    public void reset() {
        // what was received waits for the next driver
    }

    @Override
    public void save(StateWriter writer) {
        received.save(writer);
    }

    @Override
    public void load(StateReader reader) {
        received.load(reader);
    }
}
