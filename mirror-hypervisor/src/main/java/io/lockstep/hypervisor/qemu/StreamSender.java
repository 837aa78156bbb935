package io.lockstep.hypervisor.qemu;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** Feeds one migration stream to QEMU, which listens at a unix socket. Threading: one thread; no method blocks. */
final class StreamSender implements AutoCloseable {
    private final SocketChannel channel;
    private final ByteBuffer stream;

    private StreamSender(SocketChannel channel, ByteBuffer stream) {
        this.channel = channel;
        this.stream = stream;
    }

    static StreamSender connect(Path path, ByteBuffer stream) throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.connect(UnixDomainSocketAddress.of(path));
            channel.configureBlocking(false);
        } catch (IOException e) {
            channel.close();
            throw new IOException("cannot connect to " + path + ": " + e.getMessage(), e);
        }
        return new StreamSender(channel, stream);
    }

    /** Writes what the socket takes; true once everything is written and the end marked. */
    boolean poll() throws IOException {
        if (!stream.hasRemaining()) {
            return true;
        }
        int written;
        do {
            written = channel.write(stream);
        } while (written > 0 && stream.hasRemaining());
        if (stream.hasRemaining()) {
            return false;
        }
        channel.shutdownOutput();
        return true;
    }

    SocketChannel channel() {
        return channel;
    }

    @Override
    public void close() {
        Quiet.close(channel);
    }
}
