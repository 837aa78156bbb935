package io.lockstep.redirect.path.iscsi;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;

/** One TCP connection to a target, whose bytes towards the target can be held back inside the wire and let go later. */
final class FrozenWire implements AutoCloseable {
    private final ServerSocket listener;
    private final int targetPort;
    private final Semaphore open = new Semaphore(1);
    private volatile Socket client;
    private volatile Socket target;
    private final AtomicLong held = new AtomicLong();

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
            start("wire-back", () -> pump(target, client, false));
            pump(client, target, true);
        } catch (IOException e) {
            close();
        }
    }

    private void pump(Socket from, Socket to, boolean canFreeze) {
        byte[] bytes = new byte[64 << 10];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
                if (canFreeze) {
                    held.addAndGet(count);
                    open.acquireUninterruptibly();
                    open.release();
                    held.set(0);
                }
                out.write(bytes, 0, count);
            }
        } catch (IOException e) {
            // One end is gone. The other direction still carries what it has: that is what a wire does.
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
