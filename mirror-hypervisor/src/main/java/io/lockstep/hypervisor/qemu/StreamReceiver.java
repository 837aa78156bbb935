package io.lockstep.hypervisor.qemu;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** Takes one migration stream from QEMU over a unix socket. Threading: one thread; no method blocks. */
final class StreamReceiver implements AutoCloseable {
    /** Guest RAM is not in the stream, so more than this is a mistake. */
    static final int MAX_BYTES = 64 << 20;

    private final UnixListener listener;
    private SocketChannel channel;
    private ByteBuffer bytes = ByteBuffer.allocateDirect(1 << 20);
    private boolean complete;

    private StreamReceiver(UnixListener listener) {
        this.listener = listener;
    }

    static StreamReceiver listen(Path path) throws IOException {
        return new StreamReceiver(UnixListener.open(path));
    }

    Path path() {
        return listener.path();
    }

    /** Takes what has arrived; true once the stream has ended. */
    boolean poll() throws IOException {
        if (channel == null) {
            channel = listener.accept();
        }
        while (channel != null && !complete) {
            if (!bytes.hasRemaining()) {
                grow();
            }
            int count = channel.read(bytes);
            complete = count < 0;
            if (count == 0) {
                break;
            }
        }
        return complete;
    }

    private void grow() throws IOException {
        if (bytes.capacity() >= MAX_BYTES) {
            throw new IOException("migration stream is longer than " + MAX_BYTES + " bytes: is guest RAM not shared?");
        }
        ByteBuffer larger = ByteBuffer.allocateDirect(bytes.capacity() * 2);
        larger.put(bytes.flip());
        bytes = larger;
    }

    /** What arrived, from 0 to its position. */
    ByteBuffer bytes() {
        return bytes;
    }

    byte[] toArray() {
        byte[] copy = new byte[bytes.position()];
        bytes.get(0, copy);
        return copy;
    }

    /** What to watch for progress. */
    java.nio.channels.SelectableChannel selectable() {
        return channel == null ? listener.channel() : channel;
    }

    @Override
    public void close() {
        listener.close();
        Quiet.close(channel);
    }
}
