package io.lockstep.host.load;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/**
 * The part of the Redis protocol (RESP2) that the load needs: commands as arrays of bulk strings, replies of every simple kind. Pipelining
 * is the caller's: {@link #append} several, {@link #flush}, then {@link #readReply} as often.
 *
 * <p>Threading: one thread; {@link #close()} from any thread ends a read that waits.
 */
public final class RespConnection implements AutoCloseable {
    /** Most bytes of one bulk string; this client never asks for more. */
    static final int MAX_BULK = 1 << 20;

    private static final int MAX_LINE = 4096;

    private final SocketChannel channel;
    private final ByteBuffer out = ByteBuffer.allocate(64 << 10);
    private final ByteBuffer in = ByteBuffer.allocate(64 << 10).flip();

    private RespConnection(SocketChannel channel) {
        this.channel = channel;
    }

    /** Connects within the limit. */
    public static RespConnection connect(InetSocketAddress address, Duration limit) throws IOException {
        SocketChannel channel = SocketChannel.open();
        try {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.socket().connect(address, Math.toIntExact(limit.toMillis()));
            return new RespConnection(channel);
        } catch (SocketTimeoutException e) {
            channel.close();
            throw new IOException("no connection to " + address + " within " + limit.toMillis() + " ms", e);
        } catch (IOException e) {
            channel.close();
            throw new IOException("cannot connect to " + address + ": " + e.getMessage(), e);
        }
    }

    /** Adds a command to what the next {@link #flush} sends. */
    public void append(List<String> words) throws IOException {
        line('*', words.size());
        for (String word : words) {
            byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
            line('$', bytes.length);
            room(bytes.length + 2);
            if (bytes.length + 2 > out.capacity()) {
                write(ByteBuffer.wrap(bytes));
            } else {
                out.put(bytes);
            }
            out.put((byte) '\r').put((byte) '\n');
        }
    }

    /** Sends what was appended. */
    public void flush() throws IOException {
        out.flip();
        write(out);
        out.clear();
    }

    /** One command, one reply. */
    public String call(String... words) throws IOException {
        append(List.of(words));
        flush();
        return readReply();
    }

    /** Waits for the next reply: the text of a string or a number, null for Redis' nil. An error reply is an {@link IOException}. */
    public String readReply() throws IOException {
        byte kind = next();
        String line = readLine();
        switch (kind) {
            case '+', ':' -> {
                return line;
            }
            case '-' -> throw new IOException("Redis answered: " + line);
            case '$' -> {
                return bulk(line);
            }
            default -> throw new IOException("not a reply of Redis: starts with byte " + (kind & 0xff));
        }
    }

    private String bulk(String line) throws IOException {
        int length;
        try {
            length = Integer.parseInt(line);
        } catch (NumberFormatException e) {
            throw new IOException("not a length: '" + line + "'", e);
        }
        if (length == -1) {
            return null;
        }
        if (length < 0 || length > MAX_BULK) {
            throw new IOException("bulk string of " + length + " bytes: at most " + MAX_BULK);
        }
        byte[] text = new byte[length];
        for (int done = 0; done < length; ) {
            need();
            int count = Math.min(length - done, in.remaining());
            in.get(text, done, count);
            done += count;
        }
        if (next() != '\r' || next() != '\n') {
            throw new IOException("a bulk string of " + length + " bytes does not end where it says");
        }
        return new String(text, StandardCharsets.UTF_8);
    }

    private String readLine() throws IOException {
        StringBuilder line = new StringBuilder(16);
        while (true) {
            byte next = next();
            if (next == '\r') {
                if (next() != '\n') {
                    throw new IOException("a line of Redis does not end with CR LF");
                }
                return line.toString();
            }
            if (line.length() == MAX_LINE) {
                throw new IOException("a line of Redis is longer than " + MAX_LINE + " bytes");
            }
            line.append((char) (next & 0xff));
        }
    }

    private byte next() throws IOException {
        need();
        return in.get();
    }

    private void need() throws IOException {
        if (in.hasRemaining()) {
            return;
        }
        in.clear();
        int count;
        try {
            count = channel.read(in);
        } finally {
            in.flip();
        }
        if (count < 0) {
            throw new EOFException("Redis closed the connection");
        }
    }

    private void line(char kind, int number) throws IOException {
        byte[] digits = Integer.toString(number).getBytes(StandardCharsets.US_ASCII);
        room(digits.length + 3);
        out.put((byte) kind).put(digits).put((byte) '\r').put((byte) '\n');
    }

    private void room(int bytes) throws IOException {
        if (out.remaining() < bytes) {
            flush();
        }
    }

    private void write(ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
