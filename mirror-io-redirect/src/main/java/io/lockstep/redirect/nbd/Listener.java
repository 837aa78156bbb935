package io.lockstep.redirect.nbd;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;

/** A socket that clients connect to. */
final class Listener implements AutoCloseable {
    private static final int BACKLOG = 1024;

    private final ServerSocketChannel channel;
    /** The file of a unix socket; null for TCP. */
    private final Path file;

    private final Object fileKey;

    private Listener(ServerSocketChannel channel, Path file, Object fileKey) {
        this.channel = channel;
        this.file = file;
        this.fileKey = fileKey;
    }

    static Listener unix(Path path) throws IOException {
        removeStale(path);
        ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        bind(channel, UnixDomainSocketAddress.of(path));
        return new Listener(channel, path, keyOf(path));
    }

    static Listener tcp(InetSocketAddress address) throws IOException {
        ServerSocketChannel channel = ServerSocketChannel.open();
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        bind(channel, address);
        return new Listener(channel, null, null);
    }

    private static void bind(ServerSocketChannel channel, SocketAddress address) throws IOException {
        try {
            channel.configureBlocking(false);
            channel.bind(address, BACKLOG);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw new IOException("cannot listen at " + address + ": " + e.getMessage(), e);
        }
    }

    /** A socket that a dead process left behind; never an ordinary file, never a socket that somebody serves. */
    private static void removeStale(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (!Files.readAttributes(path, "isOther", LinkOption.NOFOLLOW_LINKS)
                .get("isOther")
                .equals(true)) {
            throw new IOException("cannot listen at " + path + ": a file of this name exists and is no socket");
        }
        try (SocketChannel probe = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            throw new IOException("cannot listen at " + probe.getRemoteAddress() + ": another process listens there");
        } catch (java.net.ConnectException e) {
            Files.delete(path);
        }
    }

    private static Object keyOf(Path path) throws IOException {
        Map<String, Object> attributes = Files.readAttributes(path, "fileKey", LinkOption.NOFOLLOW_LINKS);
        return attributes.get("fileKey");
    }

    ServerSocketChannel channel() {
        return channel;
    }

    /** A new client, non-blocking, or null. */
    SocketChannel accept() throws IOException {
        SocketChannel client = channel.accept();
        if (client == null) {
            return null;
        }
        try {
            client.configureBlocking(false);
            if (file == null) {
                client.setOption(StandardSocketOptions.TCP_NODELAY, true);
                client.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
            }
            return client;
        } catch (IOException e) {
            client.close();
            throw e;
        }
    }

    /** What clients of this listener are called. */
    String kind() {
        return file == null ? "tcp" : "unix";
    }

    SocketAddress address() throws IOException {
        return channel.getLocalAddress();
    }

    /** Stops listening and removes the socket's file, unless another process has put its own there. */
    @Override
    public void close() throws IOException {
        channel.close();
        if (file != null
                && Files.exists(file, LinkOption.NOFOLLOW_LINKS)
                && keyOf(file).equals(fileKey)) {
            Files.delete(file);
        }
    }
}
