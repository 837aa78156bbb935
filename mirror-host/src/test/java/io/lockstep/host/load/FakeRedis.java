package io.lockstep.host.load;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Keeps what a real Redis would keep, in one thread, and can be made to lie. */
final class FakeRedis implements AutoCloseable {
    private final ServerSocket server = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
    private final Map<String, String> store = new HashMap<>();
    private final UnaryOperator<String> lie;

    /** Every encoded reply passes through {@code lie}; null closes the connection. */
    FakeRedis(UnaryOperator<String> lie) throws IOException {
        this.lie = lie;
        Thread thread = new Thread(this::serve, "fake-redis");
        thread.setDaemon(true);
        thread.start();
    }

    InetSocketAddress address() {
        return new InetSocketAddress(server.getInetAddress(), server.getLocalPort());
    }

    private void serve() {
        while (!server.isClosed()) {
            try (Socket socket = server.accept()) {
                BufferedReader in =
                        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
                OutputStream out = socket.getOutputStream();
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    String[] words = new String[Integer.parseInt(line.substring(1))];
                    for (int i = 0; i < words.length; i++) {
                        in.readLine();
                        words[i] = in.readLine();
                    }
                    String reply = lie.apply(answer(words));
                    if (reply == null) {
                        break;
                    }
                    out.write(reply.getBytes(StandardCharsets.UTF_8));
                }
            } catch (IOException e) {
                if (server.isClosed()) {
                    return; // the test is over; otherwise only the client hung up
                }
            }
        }
    }

    private String answer(String... words) {
        return switch (words[0]) {
            case "PING" -> "+PONG\r\n";
            case "INCR" -> {
                String next = Long.toString(Long.parseLong(store.getOrDefault(words[1], "0")) + 1);
                store.put(words[1], next);
                yield ":" + next + "\r\n";
            }
            case "SET" -> {
                store.put(words[1], words[2]);
                yield "+OK\r\n";
            }
            case "GET" -> {
                String value = store.get(words[1]);
                yield value == null ? "$-1\r\n" : "$" + value.length() + "\r\n" + value + "\r\n";
            }
            default -> "-ERR unknown command\r\n";
        };
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
