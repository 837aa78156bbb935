package io.lockstep.transport.tcp;

import io.lockstep.mirror.record.FrameDecoder;
import io.lockstep.mirror.record.FrameDescriptor;
import io.lockstep.mirror.record.FrameEncoder;
import io.lockstep.mirror.record.FrameKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/** A connection in handshake: sends at most one HELLO frame each way, in a few kilobytes of memory. */
final class Greeting {
    private static final int CAPACITY = FrameDescriptor.HEADER_LENGTH + Hello.MAX_LENGTH;

    private final SocketChannel channel;
    private final long deadlineNs;
    private final ByteBuffer in = ByteBuffer.allocate(CAPACITY).order(ByteOrder.LITTLE_ENDIAN);
    private final ByteBuffer out = ByteBuffer.allocate(CAPACITY).order(ByteOrder.LITTLE_ENDIAN);
    private final FrameDecoder decoder = new FrameDecoder(Hello.MAX_LENGTH);
    private Hello received;

    Greeting(SocketChannel channel, long deadlineNs) {
        this.channel = channel;
        this.deadlineNs = deadlineNs;
        in.limit(0);
        out.limit(0);
        decoder.startHandshake();
    }

    SocketChannel channel() {
        return channel;
    }

    long deadlineNs() {
        return deadlineNs;
    }

    /** What the peer said; null while it has not finished. */
    Hello received() {
        return received;
    }

    /** What the peer sent behind its greeting; belongs to the session. */
    ByteBuffer leftover() {
        return in;
    }

    void send(Hello hello) {
        FrameEncoder encoder = new FrameEncoder();
        encoder.start(hello.nonce());
        out.clear();
        int length = hello.write(out, FrameDescriptor.HEADER_LENGTH);
        out.limit(encoder.seal(out, 0, FrameKind.HELLO, length));
    }

    /** Moves bytes; true once everything to send is sent. */
    boolean flush() throws IOException {
        if (channel.isConnectionPending() && !channel.finishConnect()) {
            return false;
        }
        if (out.hasRemaining()) {
            channel.write(out);
        }
        return !out.hasRemaining();
    }

    /** Moves bytes; returns the peer's greeting once it is complete, null until then. */
    Hello poll(long nowNs) throws IOException {
        boolean sent = flush();
        if (received == null && !channel.isConnectionPending()) {
            read();
        }
        if ((received == null || !sent) && nowNs - deadlineNs >= 0) {
            throw new LinkFault("handshake not finished in time, " + in.limit() + " bytes received");
        }
        return sent ? received : null;
    }

    private void read() throws IOException {
        int end = in.limit();
        in.limit(in.capacity()).position(end);
        int count = channel.read(in);
        in.limit(in.position()).position(0);
        switch (decoder.next(in)) {
            case FAULT -> throw new LinkFault(decoder.faultText());
            case FRAME -> received = Hello.read(in, decoder.payloadOffset(), decoder.payloadLength());
            case MORE -> {
                if (count < 0) {
                    throw new LinkFault("closed by the peer in the handshake, after " + in.limit() + " bytes");
                }
            }
        }
    }

    /** Throws away what still comes; true at its end. Lets a refusal arrive: closing with unread bytes would reset the connection. */
    boolean drained(long nowNs) {
        try {
            flush();
            in.clear();
            return channel.read(in) < 0 || nowNs - deadlineNs >= 0;
        } catch (IOException e) {
            return true;
        }
    }

    void register(Selector selector, Object attachment) {
        int ops = channel.isConnectionPending()
                ? SelectionKey.OP_CONNECT
                : out.hasRemaining() ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ;
        Sockets.register(channel, selector, ops, attachment);
    }

    void close() {
        Sockets.close(channel);
    }
}
