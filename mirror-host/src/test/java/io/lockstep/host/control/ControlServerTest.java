package io.lockstep.host.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lockstep.host.MirrorHost;
import io.lockstep.host.config.HostConfig;
import io.lockstep.host.config.UplinkConfig;
import io.lockstep.hypervisor.dirty.TrackerChoice;
import io.lockstep.mirror.MirrorPolicy;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ControlServerTest {
    @TempDir
    private Path directory;

    private MirrorHost host;
    private ControlServer server;

    @BeforeEach
    void start() throws IOException {
        HostConfig config = new HostConfig(
                "a",
                directory.resolve("run"),
                directory.resolve("arbiter"),
                new InetSocketAddress(InetAddress.getLoopbackAddress(), freePort()),
                "b",
                new InetSocketAddress(InetAddress.getLoopbackAddress(), freePort()),
                1L << 30,
                UplinkConfig.NONE,
                TrackerChoice.AUTO,
                MirrorPolicy.standard(),
                List.of());
        host = MirrorHost.start(config, event -> {});
        server = new ControlServer(host, directory.resolve("control.sock"));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
        host.close();
    }

    @Test
    void shouldTellTheStatusOfAGuestThatWaitsForItsPrimary() throws IOException {
        host.accept("redis");

        JsonNode status = ask("{\"command\":\"status\"}").path("status");

        assertEquals("a", status.path("host").asText());
        assertEquals("redis", status.path("vms").path(0).path("vm").asText());
        assertEquals("WAITING", status.path("vms").path(0).path("state").asText());
        assertEquals("SECONDARY", status.path("vms").path(0).path("role").asText());
    }

    @Test
    void shouldNameWhatIsWrongWithARequestAndGoOn() throws IOException {
        host.accept("redis");

        assertError(ask("garbage"), "not a JSON object");
        assertError(ask("[1]"), "not a JSON object");
        assertError(ask("{\"command\":\"explode\"}"), "command is 'explode': must be one of status");
        assertError(ask("{\"command\":\"switchover\",\"vm\":\"web\"}"), "vm is 'web': must be one of redis");
        assertError(ask("{\"command\":\"switchover\",\"vm\":\"redis\"}"), "switchover is possible on the primary only");
        assertError(ask("{\"command\":\"failover\",\"vm\":\"redis\"}"), "failover is possible in READY only");
        assertTrue(ask("{\"command\":\"status\"}").path("ok").asBoolean());
    }

    private static void assertError(JsonNode answer, String text) {
        assertTrue(answer.path("error").asText().contains(text), answer::toString);
    }

    private JsonNode ask(String request) throws IOException {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(directory.resolve("control.sock")));
            channel.write(ByteBuffer.wrap((request + "\n").getBytes(StandardCharsets.UTF_8)));
            BufferedReader reader =
                    new BufferedReader(new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8));
            return new ObjectMapper().readTree(reader.readLine());
        }
    }
}
