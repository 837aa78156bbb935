package io.lockstep.redirect.path.nbd;

import io.lockstep.redirect.nbd.NbdWire;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/** The connection: a non-blocking channel, and what the selector should wait for. A new channel goes to the same selector. */
final class NbdSocket {
    private final SocketAddress server;
    private Selector selector;
    private SocketChannel channel;
    private SelectionKey key;
    private boolean connected;
    private boolean writing;

    NbdSocket(SocketAddress server) {
        this.server = server;
    }

    SocketChannel channel() {
        return channel;
    }

    void open() throws IOException {
        boolean unix = server instanceof UnixDomainSocketAddress;
        channel = unix ? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open();
        connected = false;
        writing = false;
        channel.configureBlocking(false);
        if (!unix) {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        }
        connected = channel.connect(server);
        registerChannel();
    }

    boolean finishConnect() throws IOException {
        if (!connected && channel.finishConnect()) {
            connected = true;
            updateInterest();
        }
        return connected;
    }

    void register(Selector with) {
        if (selector != with || (key == null && channel != null)) {
            selector = with;
            registerChannel();
        }
    }

    private void registerChannel() {
        if (selector == null || channel == null || !channel.isOpen()) {
            return;
        }
        try {
            key = channel.register(selector, interest());
        } catch (ClosedChannelException e) {
            key = null; // the next read tells
        }
    }

    void wantWrite(boolean wanted) {
        if (writing != wanted) {
            writing = wanted;
            updateInterest();
        }
    }

    private void updateInterest() {
        if (key != null && key.isValid()) {
            key.interestOps(interest());
        }
    }

    private int interest() {
        return !connected ? SelectionKey.OP_CONNECT : SelectionKey.OP_READ | (writing ? SelectionKey.OP_WRITE : 0);
    }

    /** Tells the server that the client leaves, if the socket takes that at once: the protocol's polite end. */
    void sayGoodbye() {
        ByteBuffer bytes = ByteBuffer.allocate(NbdWire.REQUEST_LENGTH);
        bytes.putInt(0, NbdWire.REQUEST_MAGIC).putShort(6, (short) NbdWire.CMD_DISC);
        try {
            channel.write(bytes);
        } catch (IOException e) {
            close(); // it was gone already
        }
    }

    void close() {
        key = null;
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                connected = false; // a socket that cannot be closed is no connection either
            }
            channel = null;
        }
    }

    @Override
    public String toString() {
        return "NBD server " + server;
    }
}
