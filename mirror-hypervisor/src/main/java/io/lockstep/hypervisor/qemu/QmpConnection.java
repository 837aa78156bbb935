package io.lockstep.hypervisor.qemu;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;

/**
 * QMP over a non-blocking channel: one JSON object per line each way. Successful replies and the STOP and RESUME events, all that a
 * checkpoint brings, are told by their first bytes, without parsing and without allocating; the rest goes through Jackson.
 *
 * <p>Threading: one thread.
 */
final class QmpConnection {
    /** The longest line QEMU may send; its longest in use is the greeting. */
    static final int MAX_LINE = 128 * 1024;

    private static final int OUT_CAPACITY = 64 * 1024;
    private static final int NO_LINE_END = -1;
    private static final byte[] RETURN = ascii("{\"return\"");
    private static final byte[] EVENT = ascii("{\"timestamp\"");
    private static final byte[] STOP = ascii("\"event\": \"STOP\"}");
    private static final byte[] RESUME = ascii("\"event\": \"RESUME\"}");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ByteChannel channel;
    private final byte[] line = new byte[MAX_LINE];
    private final ByteBuffer in = ByteBuffer.wrap(line);
    private final ByteBuffer out = ByteBuffer.allocateDirect(OUT_CAPACITY);
    private final ArrayDeque<QmpCommand> outstanding = new ArrayDeque<>();
    private int scanned;
    private JsonNode version;
    private String problem = "";

    QmpConnection(ByteChannel channel) {
        this.channel = channel;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Queues a command; {@link #flush} or the next poll sends everything queued with one write. */
    void enqueue(QmpCommand command, byte[] encoded) {
        if (!problem.isEmpty()) {
            return;
        }
        if (out.remaining() < encoded.length) {
            fail("no room to send " + command.wireName() + ": QEMU stopped reading its control connection");
            return;
        }
        outstanding.add(command);
        out.put(encoded);
    }

    /** Sends what is queued, as far as the channel takes it. */
    void flush() {
        if (out.position() == 0 || !problem.isEmpty()) {
            return;
        }
        out.flip();
        try {
            channel.write(out);
        } catch (IOException e) {
            fail("control connection: " + e.getMessage());
        }
        out.compact();
    }

    /** Reads what has arrived and hands it over; returns the number of messages. */
    int poll(QmpHandler handler) {
        flush();
        int messages = 0;
        while (problem.isEmpty()) {
            int start = 0;
            int end;
            while ((end = lineEnd()) != NO_LINE_END) {
                dispatch(start, end, handler);
                start = end + 1;
                messages++;
            }
            discard(start);
            if (in.remaining() == 0) {
                fail("a line longer than " + MAX_LINE + " bytes");
            } else if (!read()) {
                break;
            }
        }
        flush();
        return messages;
    }

    private boolean read() {
        try {
            int count = channel.read(in);
            if (count < 0) {
                fail("QEMU closed the control connection");
            }
            return count > 0;
        } catch (IOException e) {
            fail("control connection: " + e.getMessage());
            return false;
        }
    }

    private int lineEnd() {
        while (scanned < in.position()) {
            if (line[scanned++] == '\n') {
                return scanned - 1;
            }
        }
        return NO_LINE_END;
    }

    private void discard(int consumed) {
        if (consumed > 0) {
            in.limit(in.position()).position(consumed);
            in.compact();
            scanned -= consumed;
        }
    }

    private void dispatch(int start, int end, QmpHandler handler) {
        if (startsWith(start, end, RETURN)) {
            onReturn(handler);
        } else if (startsWith(start, end, EVENT) && (contains(start, end, STOP) || contains(start, end, RESUME))) {
            // The replies to `stop` and `cont` say the same, later and more reliably.
            return;
        } else if (!isBlank(start, end)) {
            parse(start, end, handler);
        }
    }

    private void onReturn(QmpHandler handler) {
        QmpCommand command = outstanding.poll();
        if (command == null) {
            fail("a reply to no command");
        } else {
            handler.onReturn(command);
        }
    }

    private void parse(int start, int end, QmpHandler handler) {
        JsonNode message;
        try {
            message = JSON.readTree(line, start, end - start);
        } catch (JsonProcessingException e) {
            fail("not JSON: " + excerpt(start, end));
            return;
        } catch (IOException e) {
            fail("not readable: " + excerpt(start, end));
            return;
        }
        if (message.has("event")) {
            JsonNode data = message.get("data");
            handler.onEvent(
                    message.path("event").asText(), data == null ? JsonNodeFactory.instance.objectNode() : data);
        } else if (message.has("error")) {
            onError(message.path("error"), handler);
        } else if (message.has("return")) {
            onReturn(handler);
        } else if (message.has("QMP")) {
            version = message.path("QMP").path("version").path("qemu");
        } else {
            fail("neither reply nor event: " + excerpt(start, end));
        }
    }

    private void onError(JsonNode error, QmpHandler handler) {
        QmpCommand command = outstanding.poll();
        String desc = error.path("desc").asText("no description");
        if (command == null) {
            fail("an error for no command: " + desc);
        } else {
            handler.onError(new QmpError(command, error.path("class").asText("GenericError"), desc));
        }
    }

    private void fail(String reason) {
        if (problem.isEmpty()) {
            problem = reason;
        }
    }

    private boolean startsWith(int start, int end, byte[] prefix) {
        return end - start >= prefix.length && matches(start, prefix);
    }

    private boolean contains(int start, int end, byte[] part) {
        for (int i = start; i <= end - part.length; i++) {
            if (matches(i, part)) {
                return true;
            }
        }
        return false;
    }

    private boolean matches(int at, byte[] expected) {
        for (int i = 0; i < expected.length; i++) {
            if (line[at + i] != expected[i]) {
                return false;
            }
        }
        return true;
    }

    private boolean isBlank(int start, int end) {
        for (int i = start; i < end; i++) {
            if (line[i] != ' ' && line[i] != '\r' && line[i] != '\t') {
                return false;
            }
        }
        return true;
    }

    private String excerpt(int start, int end) {
        return new String(line, start, Math.min(end - start, 200), StandardCharsets.UTF_8);
    }

    /** True once QEMU has introduced itself. */
    boolean greeted() {
        return version != null;
    }

    /** QEMU's version as {@code major * 100 + minor}; 0 before the greeting. */
    int version() {
        return version == null
                ? 0
                : version.path("major").asInt() * 100 + version.path("minor").asInt();
    }

    /** True while commands wait for their replies. */
    boolean isBusy() {
        return !outstanding.isEmpty();
    }

    /** True while bytes wait for the channel to take them. */
    boolean hasUnsent() {
        return out.position() > 0;
    }

    /** Why the connection is unusable, for good; empty while it works. */
    String problem() {
        return problem;
    }
}
