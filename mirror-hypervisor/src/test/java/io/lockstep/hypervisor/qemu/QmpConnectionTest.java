package io.lockstep.hypervisor.qemu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QmpConnectionTest {
    private static final String GREETING =
            "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7},"
                    + " \"package\": \"Debian\"}, \"capabilities\": [\"oob\"]}}\r\n";
    private static final String OK = "{\"return\": {}}\r\n";
    private static final String TIME = "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, ";

    private final ScriptedChannel channel = new ScriptedChannel();
    private final QmpConnection qmp = new QmpConnection(channel);
    private final Recorder seen = new Recorder();

    @Test
    void shouldReadTheGreeting() {
        channel.arrive(GREETING);

        qmp.poll(seen);

        assertTrue(qmp.greeted());
        assertEquals(702, qmp.version());
        assertEquals("", qmp.problem());
    }

    @Test
    void shouldSendPipelinedCommandsWithOneWrite() {
        byte[] stop = QmpCommand.STOP.encode();
        byte[] save = QmpCommand.saveStateTo(Path.of("/run/state"));
        qmp.enqueue(QmpCommand.STOP, stop);
        qmp.enqueue(QmpCommand.SAVE_STATE, save);

        qmp.flush();

        assertEquals(1, channel.writes());
        String sent = new String(channel.sent(), StandardCharsets.UTF_8);
        assertTrue(sent.startsWith("{\"execute\":\"stop\"}\n{\"execute\":\"xen-save-devices-state\""), sent);
        assertTrue(sent.contains("\"filename\":\"/run/state\""), sent);
        assertTrue(sent.contains("\"live\":false"), sent);
    }

    @Test
    void shouldKeepWhatTheChannelDoesNotTake() {
        channel.room(5);
        qmp.enqueue(QmpCommand.STOP, QmpCommand.STOP.encode());
        qmp.flush();
        assertTrue(qmp.hasUnsent());

        channel.room(1000);
        qmp.poll(seen);

        assertFalse(qmp.hasUnsent());
        assertArrayEquals(QmpCommand.STOP.encode(), channel.sent());
    }

    @Test
    void shouldMatchRepliesToCommandsInOrder() {
        send(QmpCommand.STOP, QmpCommand.SAVE_STATE, QmpCommand.CONT);
        channel.arrive(TIME + "\"event\": \"STOP\"}\r\n" + OK
                + "{\"error\": {\"class\": \"GenericError\", \"desc\": \"No space left on device\"}}\r\n" + OK
                + TIME + "\"event\": \"RESUME\"}\r\n");

        assertEquals(5, qmp.poll(seen));

        assertEquals(
                List.of(
                        "return STOP",
                        "xen-save-devices-state refused: No space left on device (GenericError)",
                        "return CONT"),
                seen.calls);
        assertFalse(qmp.isBusy());
    }

    @Test
    void shouldPutLinesTogetherFromSingleBytes() {
        send(QmpCommand.STOP);
        String text = GREETING + TIME + "\"event\": \"STOP\"}\r\n" + OK + TIME
                + "\"event\": \"MIGRATION\", \"data\": {\"status\": \"completed\"}}\r\n";
        for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
            channel.arrive(new byte[] {each});
        }

        qmp.poll(seen);

        assertEquals(List.of("return STOP", "event MIGRATION {\"status\":\"completed\"}"), seen.calls);
    }

    @Test
    void shouldPutLinesTogetherAcrossPolls() {
        send(QmpCommand.STOP);
        channel.arrive("{\"retu");
        assertEquals(0, qmp.poll(seen));
        channel.arrive("rn\": {}}");
        assertEquals(0, qmp.poll(seen));
        channel.arrive("\r\n" + TIME);
        assertEquals(1, qmp.poll(seen));
        channel.arrive("\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true}}\n");
        assertEquals(1, qmp.poll(seen));

        assertEquals(List.of("return STOP", "event SHUTDOWN {\"guest\":true}"), seen.calls);
    }

    @Test
    void shouldNotMistakeWordsInsideAnErrorForEvents() {
        send(QmpCommand.CONT);
        channel.arrive(
                "{\"error\": {\"desc\": \"{\\\"return\\\": \\\"event\\\": \\\"STOP\\\"}\", \"class\": \"X\"}}\n");

        qmp.poll(seen);

        assertEquals(1, seen.calls.size());
        assertTrue(seen.calls.get(0).startsWith("cont refused"), seen.calls.get(0));
    }

    @Test
    void shouldUnderstandRepliesInAnotherKeyOrder() {
        send(QmpCommand.STOP, QmpCommand.CONT);
        channel.arrive("{\"id\": 1, \"return\": {}}\n{ \"return\" : {}}\n");

        qmp.poll(seen);

        assertEquals(List.of("return STOP", "return CONT"), seen.calls);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nonsense\n",
                "{\"return\n",
                "[]\n",
                "{\"what\": 1}\n",
                "\u0000\u0001\n",
                "17\n",
                "{\"return\": {}}\n"
            })
    void shouldEndOnGarbage(String line) {
        channel.arrive(line);

        qmp.poll(seen);

        assertFalse(qmp.problem().isEmpty());
        assertEquals(List.of(), seen.calls);
    }

    @Test
    void shouldEndOnALineWithoutEnd() {
        channel.arrive("x".repeat(QmpConnection.MAX_LINE));

        qmp.poll(seen);

        assertEquals("a line longer than " + QmpConnection.MAX_LINE + " bytes", qmp.problem());
    }

    @Test
    void shouldDeliverWhatCameBeforeTheEnd() {
        send(QmpCommand.STOP);
        channel.arrive(OK);
        channel.end();

        qmp.poll(seen);

        assertEquals(List.of("return STOP"), seen.calls);
        assertEquals("QEMU closed the control connection", qmp.problem());
    }

    private void send(QmpCommand... commands) {
        for (QmpCommand command : commands) {
            qmp.enqueue(command, command.encode());
        }
    }

    private static final class Recorder implements QmpHandler {
        private final List<String> calls = new ArrayList<>();

        @Override
        public void onReturn(QmpCommand command) {
            calls.add("return " + command);
        }

        @Override
        public void onError(QmpError error) {
            calls.add(error.toString());
        }

        @Override
        public void onEvent(String name, JsonNode data) {
            calls.add("event " + name + " " + data);
        }
    }
}
