package io.lockstep.hypervisor.riscv.device;

import io.lockstep.hypervisor.riscv.state.StateReader;
import io.lockstep.hypervisor.riscv.state.StateWriter;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** The console device (virtio 1.2, section 5.3), one port: a stream of bytes in both directions. */
final class VirtioStream implements VirtioModel {
    private static final int QUEUE = 1 << 16;
    private static final int PIECE = 1 << 14;
    /** Of one request; the rest is dropped. Linux sends at most a page. */
    private static final int LARGEST = 1 << 15;

    private final Board board;
    private final ByteQueue received = new ByteQueue(QUEUE);
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[PIECE]);

    VirtioStream(Board board) {
        this.board = board;
    }

    boolean accepts(int length) {
        return length <= received.free();
    }

    void receive(DirectBuffer source, int offset, int length) {
        received.put(source, offset, length);
    }

    @Override
    public int type() {
        return 3;
    }

    @Override
    public int features() {
        return 0;
    }

    @Override
    public int queues() {
        return 2;
    }

    @Override
    public long config(int offset) {
        return 0;
    }

    @Override
    public void work(VirtioSlot slot) {
        boolean tell = transmit(slot.queue(1));
        tell |= deliver(slot.queue(0));
        if (tell) {
            slot.interrupt();
        }
    }

    private boolean transmit(VirtQueue queue) {
        boolean tell = false;
        while (queue.next()) {
            int length = Math.min(LARGEST, queue.readable());
            for (int done = 0; done < length; done += PIECE) {
                int piece = Math.min(PIECE, length - done);
                queue.read(done, buffer, 0, piece);
                board.say(Board.STREAM, buffer, 0, piece);
            }
            tell |= queue.finish(0);
        }
        return tell;
    }

    private boolean deliver(VirtQueue queue) {
        boolean tell = false;
        while (received.size() > 0 && queue.next()) {
            int length = Math.min(PIECE, Math.min(received.size(), queue.writable()));
            for (int i = 0; i < length; i++) {
                buffer.putByte(i, (byte) received.take());
            }
            queue.write(0, buffer, 0, length);
            tell |= queue.finish(length);
        }
        return tell;
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
