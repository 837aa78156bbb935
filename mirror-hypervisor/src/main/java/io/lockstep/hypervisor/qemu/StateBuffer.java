package io.lockstep.hypervisor.qemu;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.agrona.concurrent.UnsafeBuffer;

/** The device state of the last checkpoint, in a buffer that is reused. Threading: one thread. */
final class StateBuffer implements AutoCloseable {
    private static final int FIRST_CAPACITY = 256 << 10;

    private final Path path;
    private FileChannel file;
    private ByteBuffer bytes = ByteBuffer.allocateDirect(FIRST_CAPACITY);
    private final UnsafeBuffer view = new UnsafeBuffer(bytes);
    private int length;

    StateBuffer(Path path) {
        this.path = path;
    }

    /** Takes in the file that QEMU has just written; QEMU truncates it each time, so one open file serves for good. */
    void read() throws IOException {
        if (file == null) {
            file = FileChannel.open(path, StandardOpenOption.READ);
        }
        long size = file.size();
        if (size > StreamReceiver.MAX_BYTES) {
            throw new IOException("device state of " + size + " bytes, the limit is " + StreamReceiver.MAX_BYTES);
        }
        reserve((int) size);
        bytes.clear().limit((int) size);
        while (bytes.hasRemaining()) {
            if (file.read(bytes, bytes.position()) < 0) {
                throw new IOException("device state ends after " + bytes.position() + " of " + size + " bytes");
            }
        }
        accept((int) size);
    }

    /** Takes in a stream held elsewhere, from 0 to its position. */
    void copy(ByteBuffer stream) throws IOException {
        reserve(stream.position());
        bytes.clear().put(stream.duplicate().flip());
        accept(stream.position());
    }

    private void accept(int newLength) throws IOException {
        length = newLength;
        String problem = DeviceState.check(view, length);
        if (!problem.isEmpty()) {
            throw new IOException(problem);
        }
    }

    private void reserve(int capacity) {
        if (bytes.capacity() < capacity) {
            bytes = ByteBuffer.allocateDirect(Integer.highestOneBit(capacity) * 2);
            view.wrap(bytes);
        }
    }

    UnsafeBuffer view() {
        return view;
    }

    int length() {
        return length;
    }

    @Override
    public void close() {
        Quiet.close(file);
    }
}
