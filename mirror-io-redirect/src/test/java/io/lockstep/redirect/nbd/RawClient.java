package io.lockstep.redirect.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A client that says what the test tells it to say, byte by byte. Blocking. */
final class RawClient implements AutoCloseable {
    /** An answer to an option. */
    record OptionReply(int option, int type, ByteBuffer bytes) {
        String text() {
            return StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
        }
    }

    /** A simple reply. */
    record Reply(int error, long cookie) {}

    /** A chunk of a structured reply. */
    record Chunk(int flags, int type, long cookie, ByteBuffer payload) {}

    final SocketChannel channel;

    RawClient(Path socket) throws IOException {
        channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        ByteBuffer greeting = read(NbdWire.GREETING_LENGTH);
        if (greeting.getLong() != NbdWire.INIT_MAGIC || greeting.getLong() != NbdWire.OPT_MAGIC) {
            throw new IOException("not the greeting of an NBD server");
        }
        send(ByteBuffer.allocate(4).putInt(NbdWire.FLAG_FIXED_NEWSTYLE | NbdWire.FLAG_NO_ZEROES));
    }

    /** In transmission with simple replies. */
    static RawClient open(Path socket, String name) throws IOException {
        RawClient client = new RawClient(socket);
        OptionReply last = client.go(name);
        if (last.type != NbdWire.REP_ACK) {
            throw new IOException("not opened: " + last.text());
        }
        return client;
    }

    /** In transmission with structured replies and base:allocation. */
    static RawClient openStructured(Path socket, String name) throws IOException {
        RawClient client = new RawClient(socket);
        client.option(NbdWire.OPT_STRUCTURED_REPLY, new byte[0]);
        client.optionReply();
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        byte[] context = NbdWire.BASE_ALLOCATION.getBytes(StandardCharsets.UTF_8);
        ByteBuffer data = ByteBuffer.allocate(12 + bytes.length + context.length);
        data.putInt(bytes.length).put(bytes).putInt(1).putInt(context.length).put(context);
        client.option(NbdWire.OPT_SET_META_CONTEXT, data.array());
        client.optionReply();
        client.optionReply();
        client.go(name);
        return client;
    }

    /** Sends GO and returns the last answer to it. */
    OptionReply go(String name) throws IOException {
        option(NbdWire.OPT_GO, infoData(name));
        OptionReply reply = optionReply();
        while (reply.type == NbdWire.REP_INFO) {
            reply = optionReply();
        }
        return reply;
    }

    static byte[] infoData(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(6 + bytes.length)
                .putInt(bytes.length)
                .put(bytes)
                .putShort((short) 0)
                .array();
    }

    void option(int option, byte[] data) throws IOException {
        ByteBuffer out = ByteBuffer.allocate(NbdWire.OPTION_LENGTH + data.length);
        send(out.putLong(NbdWire.OPT_MAGIC).putInt(option).putInt(data.length).put(data));
    }

    OptionReply optionReply() throws IOException {
        ByteBuffer head = read(NbdWire.OPTION_REPLY_LENGTH);
        if (head.getLong() != NbdWire.OPT_REPLY_MAGIC) {
            throw new IOException("not an option reply");
        }
        int option = head.getInt();
        int type = head.getInt();
        return new OptionReply(option, type, read(head.getInt()));
    }

    void request(int flags, int command, long cookie, long offset, int length) throws IOException {
        send(head(flags, command, cookie, offset, length));
    }

    static ByteBuffer head(int flags, int command, long cookie, long offset, int length) {
        return ByteBuffer.allocate(NbdWire.REQUEST_LENGTH)
                .putInt(NbdWire.REQUEST_MAGIC)
                .putShort((short) flags)
                .putShort((short) command)
                .putLong(cookie)
                .putLong(offset)
                .putInt(length);
    }

    void write(int flags, long cookie, long offset, byte[] data) throws IOException {
        request(flags, NbdWire.CMD_WRITE, cookie, offset, data.length);
        send(ByteBuffer.allocate(data.length).put(data));
    }

    Reply reply() throws IOException {
        ByteBuffer head = read(NbdWire.SIMPLE_REPLY_LENGTH);
        if (head.getInt() != NbdWire.SIMPLE_REPLY_MAGIC) {
            throw new IOException("not a simple reply");
        }
        return new Reply(head.getInt(), head.getLong());
    }

    Chunk chunk() throws IOException {
        ByteBuffer head = read(NbdWire.CHUNK_LENGTH);
        if (head.getInt() != NbdWire.CHUNK_MAGIC) {
            throw new IOException("not a chunk");
        }
        int flags = head.getShort();
        int type = head.getShort() & 0xffff;
        long cookie = head.getLong();
        return new Chunk(flags, type, cookie, read(head.getInt()));
    }

    /** Everything that was put into it. */
    void send(ByteBuffer bytes) throws IOException {
        bytes.flip();
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    ByteBuffer read(int count) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(count);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes) < 0) {
                throw new EOFException("the server hung up after " + bytes.position() + " of " + count + " bytes");
            }
        }
        return bytes.flip();
    }

    /** True if the server has hung up and nothing is left to read. */
    boolean isEnded() throws IOException {
        return channel.read(ByteBuffer.allocate(1)) < 0;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
