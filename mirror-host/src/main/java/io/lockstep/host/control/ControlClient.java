package io.lockstep.host.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Speaks to a host over its control socket: one line of JSON out, one line of JSON back. Every wait has a limit, because the host at the
 * other end may have been stopped or killed.
 *
 * <p>Threading: one thread at a time; {@link #close()} from any.
 */
public final class ControlClient implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_LINE = 4 << 20;

    private final Path socket;
    private final SocketChannel channel;
    private final Selector selector;
    private final ByteBuffer in = ByteBuffer.allocate(16 << 10).flip();

    private ControlClient(Path socket, SocketChannel channel, Selector selector) {
        this.socket = socket;
        this.channel = channel;
        this.selector = selector;
    }

    /** Connects; fails at once if nobody listens. */
    public static ControlClient connect(Path socket) throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        Selector selector = null;
        try {
            channel.connect(UnixDomainSocketAddress.of(socket));
            channel.configureBlocking(false);
            selector = Selector.open();
            channel.register(selector, SelectionKey.OP_READ);
            return new ControlClient(socket, channel, selector);
        } catch (IOException e) {
            channel.close();
            if (selector != null) {
                selector.close();
            }
            throw e;
        }
    }

    /** Connects, asks one thing and closes. */
    public static JsonNode ask(Path socket, String command, String vm, Duration limit) throws IOException {
        try (ControlClient client = connect(socket)) {
            return client.request(command, vm, limit);
        }
    }

    /** The answer to one command; {@code vm} may be empty. Throws {@link ControlException} if the host refuses or is silent. */
    public JsonNode request(String command, String vm, Duration limit) throws IOException {
        ObjectNode request = JSON.createObjectNode().put("command", command);
        if (!vm.isEmpty()) {
            request.put("vm", vm);
        }
        long deadlineNs = System.nanoTime() + limit.toNanos();
        send(request, deadlineNs);
        JsonNode answer = read(deadlineNs, command);
        if (!answer.path("ok").asBoolean()) {
            throw new ControlException(command + ": " + answer.path("error").asText("refused without a reason"));
        }
        return answer;
    }

    /** Starts the stream of events; read them with {@link #nextEvent}. Nothing else can be asked on this connection any more. */
    public void subscribe() throws IOException {
        send(
                JSON.createObjectNode().put("command", "events"),
                System.nanoTime() + Duration.ofSeconds(1).toNanos());
    }

    /** The next event, or null if none came within the limit. Throws when the host closed the connection. */
    public JsonNode nextEvent(Duration limit) throws IOException {
        String line = readLine(System.nanoTime() + limit.toNanos());
        return line == null ? null : JSON.readTree(line);
    }

    private void send(ObjectNode request, long deadlineNs) throws IOException {
        ByteBuffer out = ByteBuffer.wrap((JSON.writeValueAsString(request) + "\n").getBytes(StandardCharsets.UTF_8));
        while (out.hasRemaining()) {
            if (channel.write(out) == 0) {
                if (System.nanoTime() - deadlineNs >= 0) {
                    throw new ControlException(socket + " does not read");
                }
                Thread.onSpinWait();
            }
        }
    }

    private JsonNode read(long deadlineNs, String command) throws IOException {
        String line = readLine(deadlineNs);
        if (line == null) {
            throw new ControlException(command + ": no answer from " + socket);
        }
        return JSON.readTree(line);
    }

    private final ByteArrayOutputStream partial = new ByteArrayOutputStream();

    /** A line without its end, or null at the deadline; what came so far is kept. */
    private String readLine(long deadlineNs) throws IOException {
        while (true) {
            while (in.hasRemaining()) {
                byte next = in.get();
                if (next == '\n') {
                    String line = partial.toString(StandardCharsets.UTF_8);
                    partial.reset();
                    return line;
                }
                if (partial.size() >= MAX_LINE) {
                    throw new ControlException(socket + " sent a line of more than " + MAX_LINE + " bytes");
                }
                partial.write(next);
            }
            in.clear();
            int count = channel.read(in);
            in.flip();
            if (count < 0) {
                throw new ControlException(socket + " was closed by the host");
            }
            if (count == 0 && !awaitReadable(deadlineNs)) {
                return null;
            }
        }
    }

    private boolean awaitReadable(long deadlineNs) throws IOException {
        long leftMs = (deadlineNs - System.nanoTime() + 999_999) / 1_000_000;
        if (leftMs <= 0) {
            return false;
        }
        selector.select(leftMs);
        selector.selectedKeys().clear();
        return true;
    }

    @Override
    public void close() throws IOException {
        try {
            selector.close();
        } finally {
            channel.close();
        }
    }
}
