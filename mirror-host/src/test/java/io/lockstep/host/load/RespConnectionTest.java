package io.lockstep.host.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RespConnectionTest {
    private ServerSocket server;
    private RespConnection connection;
    private Socket far;

    @BeforeEach
    void connect() throws IOException {
        server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        InetSocketAddress address = new InetSocketAddress(server.getInetAddress(), server.getLocalPort());
        connection = RespConnection.connect(address, Duration.ofSeconds(5));
        far = server.accept();
        far.setTcpNoDelay(true);
    }

    @AfterEach
    void close() throws IOException {
        connection.close();
        far.close();
        server.close();
    }

    private void answer(String... pieces) throws IOException {
        for (String piece : pieces) {
            far.getOutputStream().write(piece.getBytes(StandardCharsets.UTF_8));
            far.getOutputStream().flush();
        }
    }

    @Test
    void shouldSendCommandsAsArraysOfBulkStrings() throws IOException {
        connection.append(List.of("SET", "key", "välue"));
        connection.append(List.of("PING"));
        connection.flush();
        String expected = "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$6\r\nvälue\r\n*1\r\n$4\r\nPING\r\n";
        byte[] bytes = far.getInputStream().readNBytes(expected.getBytes(StandardCharsets.UTF_8).length);
        assertEquals(expected, new String(bytes, StandardCharsets.UTF_8));
    }

    @Test
    void shouldSendCommandsLongerThanItsBuffer() throws IOException {
        String value = "x".repeat(200_000);
        Thread sender = new Thread(() -> {
            try {
                connection.append(List.of("SET", "k", value));
                connection.flush();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        sender.start();
        String head = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$200000\r\n";
        byte[] bytes = far.getInputStream().readNBytes(head.length() + value.length() + 2);
        assertEquals(head + value + "\r\n", new String(bytes, StandardCharsets.UTF_8));
    }

    @Test
    void shouldReadEveryKindOfReplyHoweverItIsCut() throws IOException {
        answer("+O", "K\r", "\n:4", "2\r\n$", "5\r\nhe", "llo\r", "\n$-1\r\n$0\r\n\r\n");
        assertEquals("OK", connection.readReply());
        assertEquals("42", connection.readReply());
        assertEquals("hello", connection.readReply());
        assertNull(connection.readReply());
        assertEquals("", connection.readReply());
    }

    @Test
    void shouldTurnAnErrorReplyIntoAnException() throws IOException {
        answer("-ERR no such thing\r\n");
        IOException e = assertThrows(IOException.class, connection::readReply);
        assertTrue(e.getMessage().contains("ERR no such thing"), e.getMessage());
    }

    @Test
    void shouldRefuseWhatIsNoReply() throws IOException {
        for (String bad : new String[] {"?what\r\n", "$abc\r\n", "$9999999\r\n", "$2\r\nabc\r\n", ":1\rx"}) {
            close();
            connect();
            answer(bad);
            assertThrows(IOException.class, connection::readReply, bad);
        }
    }

    @Test
    void shouldSayThatTheServiceHungUp() throws IOException {
        far.close();
        assertThrows(EOFException.class, connection::readReply);
    }

    @Test
    void shouldNameTheAddressItCannotReach() throws IOException {
        int port = server.getLocalPort();
        server.close();
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        IOException e = assertThrows(IOException.class, () -> RespConnection.connect(address, Duration.ofSeconds(1)));
        assertTrue(e.getMessage().contains(Integer.toString(port)), e.getMessage());
    }
}
