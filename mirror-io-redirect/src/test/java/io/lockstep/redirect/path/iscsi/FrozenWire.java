package io.lockstep.redirect.path.iscsi;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;

/** One TCP connection to a target, whose bytes towards the target can be held back inside the wire and let go later. */
final class FrozenWire implements AutoCloseable {
    private final ServerSocket listener;
    private final int targetPort;
    private final Semaphore open = new Semaphore(1);
    private final AtomicLong held = new AtomicLong();
    private final LinkedBlockingQueue<byte[]> forth = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<byte[]> back = new LinkedBlockingQueue<>();
    private volatile Socket client;
    private volatile Socket target;

    FrozenWire(int targetPort) throws IOException {
        this.targetPort = targetPort;
        listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        start("wire", this::serve);
    }

    private static void start(String name, Runnable what) {
        Thread thread = new Thread(what, name);
        thread.setDaemon(true);
        thread.start();
    }

    String portal() {
        return "127.0.0.1:" + listener.getLocalPort();
    }

    /** From now on what the initiator sends stays in the wire. */
    void freeze() {
        open.acquireUninterruptibly();
    }

    /** Bytes that wait in the wire. */
    long held() {
        return held.get();
    }

    /** Lets everything go on. */
    void thaw() {
        open.release();
    }

    private void serve() {
        try {
            client = listener.accept();
            target = new Socket(InetAddress.getLoopbackAddress(), targetPort);
            start("wire-back", () -> read(target, back));
            start("wire-back-end", () -> write(back, client));
            start("wire-end", () -> write(forth, target));
            read(client, forth);
        } catch (IOException e) {
            close();
        }
    }

    private void read(Socket from, LinkedBlockingQueue<byte[]> into) {
        byte[] bytes = new byte[64 << 10];
        try {
            InputStream in = from.getInputStream();
            for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
                if (into == forth) {
                    held.addAndGet(count);
                }
                into.add(Arrays.copyOf(bytes, count));
            }
        } catch (IOException e) {
            // One end is gone. What is on its way still arrives at the other: that is what a wire does.
        }
    }

    private void write(LinkedBlockingQueue<byte[]> from, Socket to) {
        try {
            OutputStream out = to.getOutputStream();
            while (!to.isClosed()) {
                byte[] bytes = from.take();
                if (from == forth) {
                    open.acquireUninterruptibly();
                    open.release();
                }
                out.write(bytes);
                if (from == forth) {
                    held.addAndGet(-bytes.length);
                }
            }
        } catch (IOException | InterruptedException e) {
            // As above.
        }
    }

    @Override
    public void close() {
        for (AutoCloseable each : new AutoCloseable[] {listener, client, target}) {
            if (each != null) {
                try {
                    each.close();
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            }
        }
    }
}
