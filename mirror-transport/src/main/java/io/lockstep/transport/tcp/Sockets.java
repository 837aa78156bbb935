package io.lockstep.transport.tcp;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.channels.Channel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/** The few socket calls that every class here needs. */
final class Sockets {
    private Sockets() {}

    static void configure(SocketChannel channel, int bufferBytes) throws IOException {
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        if (bufferBytes > 0) {
            channel.setOption(StandardSocketOptions.SO_SNDBUF, bufferBytes);
            channel.setOption(StandardSocketOptions.SO_RCVBUF, bufferBytes);
        }
    }

    /** Closing is the last thing done to a channel; what it fails with no longer matters. */
    static void close(Channel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // The descriptor is released all the same.
        }
    }

    /** Registers or changes the interest; null, and nothing done, without a selector or on a closed channel. */
    static SelectionKey register(SelectableChannel channel, Selector selector, int ops, Object attachment) {
        if (selector == null) {
            return null;
        }
        SelectionKey key = channel.keyFor(selector);
        if (key != null) {
            key.attach(attachment);
            interest(key, ops);
            return key;
        }
        try {
            return channel.register(selector, ops, attachment);
        } catch (ClosedChannelException e) {
            return null;
        }
    }

    static void interest(SelectionKey key, int ops) {
        if (key != null && key.isValid() && key.interestOps() != ops) {
            key.interestOps(ops);
        }
    }
}
