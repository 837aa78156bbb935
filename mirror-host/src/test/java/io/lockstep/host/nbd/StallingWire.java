package io.lockstep.host.nbd;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.CountDownLatch;

/** A portal in front of a local port. Once told to stall it passes nothing on, in either direction, and breaks nothing. */
final class StallingWire implements AutoCloseable {
    private final ServerSocket listener = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
    private final CountDownLatch never = new CountDownLatch(1);
    private final int port;
    private volatile boolean stalled;

    StallingWire(int port) throws IOException {
        this.port = port;
        start(this::serve);
    }

    private static void start(Runnable what) {
        Thread thread = new Thread(what, "wire");
        thread.setDaemon(true);
        thread.start();
    }

    String portal() {
        return "127.0.0.1:" + listener.getLocalPort();
    }

    void stall() {
        stalled = true;
    }

    private void serve() {
        try {
            while (true) {
                Socket client = listener.accept();
                Socket server = new Socket(InetAddress.getLoopbackAddress(), port);
                start(() -> pass(client, server));
                start(() -> pass(server, client));
            }
        } catch (IOException e) {
            // The test is over.
        }
    }

    private void pass(Socket from, Socket to) {
        byte[] bytes = new byte[64 << 10];
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
                if (stalled) {
                    never.await();
                }
                out.write(bytes, 0, count);
            }
        } catch (IOException | InterruptedException e) {
            // One end is gone, and the other one with it.
        }
    }

    @Override
    public void close() throws IOException {
        never.countDown();
        listener.close();
    }
}
