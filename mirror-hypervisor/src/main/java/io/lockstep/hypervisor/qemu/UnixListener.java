package io.lockstep.hypervisor.qemu;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** A unix socket that waits for one connection and is then gone. Threading: one thread. */
final class UnixListener implements AutoCloseable {
    private final Path path;
    private final ServerSocketChannel server;

    private UnixListener(Path path, ServerSocketChannel server) {
        this.path = path;
        this.server = server;
    }

    static UnixListener open(Path path) throws IOException {
        Files.deleteIfExists(path);
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            server.bind(UnixDomainSocketAddress.of(path));
            server.configureBlocking(false);
        } catch (IOException | RuntimeException e) {
            server.close();
            throw new IOException("cannot listen at " + path + ": " + e.getMessage(), e);
        }
        return new UnixListener(path, server);
    }

    Path path() {
        return path;
    }

    /** Where the connection will come from; for a selector. */
    ServerSocketChannel channel() {
        return server;
    }

    /** The connection, non-blocking, after which the listener is closed; null if nobody has connected yet. */
    SocketChannel accept() throws IOException {
        SocketChannel peer = server.accept();
        if (peer != null) {
            peer.configureBlocking(false);
            close();
        }
        return peer;
    }

    @Override
    public void close() {
        Quiet.close(server);
        Quiet.delete(path);
    }
}
