package io.lockstep.host.rig;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ByteProxyTest {
    private ServerSocket listener;
    private ByteProxy proxy;
    private Socket near;
    private Socket far;

    @BeforeEach
    void open() throws IOException {
        listener = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
        proxy = ByteProxy.open(new InetSocketAddress(listener.getInetAddress(), listener.getLocalPort()));
        near = dial();
        far = listener.accept();
        far.setSoTimeout(5_000);
    }

    private Socket dial() throws IOException {
        Socket socket = new Socket();
        socket.setSoTimeout(5_000);
        socket.connect(proxy.address(), 5_000);
        return socket;
    }

    @AfterEach
    void close() throws IOException {
        near.close();
        far.close();
        proxy.close();
        listener.close();
    }

    private static byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        new SplittableRandom(count).nextBytes(bytes);
        return bytes;
    }

    @Test
    void shouldPassBytesBothWays() throws IOException {
        byte[] question = bytes(10_000);
        byte[] answer = bytes(20_000);
        near.getOutputStream().write(question);
        assertArrayEquals(question, far.getInputStream().readNBytes(question.length));
        far.getOutputStream().write(answer);
        assertArrayEquals(answer, near.getInputStream().readNBytes(answer.length));
        assertArrayEquals(question, proxy.recordings().get(0));
        assertEquals(1, proxy.connections());
    }

    @Test
    void shouldHoldBytesAndLetThemGo() throws IOException {
        proxy.hold();
        near.getOutputStream().write(7);
        far.setSoTimeout(100);
        assertThrows(SocketTimeoutException.class, () -> far.getInputStream().read());
        proxy.letGo();
        far.setSoTimeout(5_000);
        assertEquals(7, far.getInputStream().read());
    }

    @Test
    void shouldChangeOnePieceAndNoOther() throws IOException {
        proxy.tamper(ByteProxy.Way.FORWARD, 1, piece -> {
            piece.put(piece.position(), (byte) ~piece.get(piece.position()));
            return true;
        });
        for (int i = 0; i < 3; i++) {
            near.getOutputStream().write(i);
            int came = far.getInputStream().read();
            if (i == 1) {
                assertNotEquals(i, came);
            } else {
                assertEquals(i, came);
            }
        }
        assertFalse(proxy.isTamperDue(ByteProxy.Way.FORWARD));
    }

    @Test
    void shouldCutOffInTheMiddle() throws IOException {
        proxy.tamper(ByteProxy.Way.BACKWARD, 0, piece -> {
            piece.limit(piece.position() + 3);
            return false;
        });
        far.getOutputStream().write(bytes(10));
        assertEquals(3, near.getInputStream().readNBytes(10).length);
    }

    @Test
    void shouldResetAndRefuse() throws IOException {
        near.getOutputStream().write(1);
        assertEquals(1, far.getInputStream().read());
        proxy.reset(true);
        assertEnds(near);
        assertEnds(far);
        try (Socket refused = dial()) {
            assertEnds(refused);
        } catch (SocketException e) {
            assertTrue(e.getMessage().contains("reset"), e.getMessage());
        }
        proxy.acceptAgain();
        try (Socket again = dial();
                Socket accepted = listener.accept()) {
            again.getOutputStream().write(9);
            assertEquals(9, accepted.getInputStream().read());
        }
    }

    /** Reset or end of stream: what must not come is a time-out. */
    private static void assertEnds(Socket socket) throws IOException {
        try {
            assertEquals(-1, socket.getInputStream().read());
        } catch (SocketTimeoutException e) {
            throw e;
        } catch (IOException e) {
            assertTrue(e.getMessage().contains("reset"), e.getMessage());
        }
    }
}
