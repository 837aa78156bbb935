package io.lockstep.hypervisor.dirty;

import java.io.EOFException;
import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.LockSupport;

/**
 * The socket to the shim: one request, one answer. The channel does not block, so that neither a stopped QEMU nor an interrupt of the
 * calling thread can do harm; the short wait for an answer spins, because a wake-up costs more than the scan.
 *
 * <p>Threading: one thread.
 */
final class ShimConnection implements AutoCloseable {
    private static final long SPIN_NS = 250_000;
    private static final long PARK_NS = 50_000;

    private final SocketChannel channel;
    private final ByteBuffer request =
            ByteBuffer.allocateDirect(ShimProtocol.REQUEST_BYTES).order(ByteOrder.nativeOrder());
    private final ByteBuffer answer =
            ByteBuffer.allocateDirect(ShimProtocol.ANSWER_BYTES).order(ByteOrder.nativeOrder());
    private long sequence;

    /** Takes over a channel that is in non-blocking mode. */
    ShimConnection(SocketChannel channel) {
        this.channel = channel;
    }

    /**
     * Lets the shim fill the dirty map and returns the number of pages in it.
     *
     * @throws IOException if the shim failed, covers less than {@code ramBytes}, is gone, or does not answer in time
     */
    long scan(long ramBytes, long timeoutNs) throws IOException {
        long expected = ++sequence;
        request.clear()
                .putInt(ShimProtocol.REQUEST_MAGIC, ShimProtocol.MAGIC)
                .putInt(ShimProtocol.REQUEST_OP, ShimProtocol.OP_SCAN)
                .putLong(ShimProtocol.REQUEST_SEQUENCE, expected);
        long startNs = System.nanoTime();
        while (request.hasRemaining()) {
            if (channel.write(request) == 0) {
                idle(startNs, timeoutNs);
            }
        }
        read(answer.clear(), startNs, timeoutNs);
        VarHandle.acquireFence();
        check(expected, ramBytes);
        return answer.getLong(ShimProtocol.ANSWER_PAGES);
    }

    private void check(long expected, long ramBytes) throws IOException {
        long got = answer.getLong(ShimProtocol.ANSWER_SEQUENCE);
        if (answer.getInt(ShimProtocol.ANSWER_MAGIC) != ShimProtocol.MAGIC || got != expected) {
            throw new IOException("the shim answered request " + got + " instead of " + expected);
        }
        int status = answer.getInt(ShimProtocol.ANSWER_STATUS);
        if (status != 0) {
            int step = answer.getInt(ShimProtocol.ANSWER_STEP);
            throw new IOException("the shim failed at " + ShimProtocol.step(step) + " with errno " + -status);
        }
        long tracked = answer.getLong(ShimProtocol.ANSWER_TRACKED_BYTES);
        if (tracked < ramBytes) {
            throw new IOException("the shim tracks " + tracked + " of " + ramBytes + " bytes of guest RAM");
        }
    }

    /** Fills the buffer, or fails when the peer is gone or the time is up. */
    void read(ByteBuffer target, long startNs, long timeoutNs) throws IOException {
        while (target.hasRemaining()) {
            int count = channel.read(target);
            if (count < 0) {
                throw new EOFException("the guest's process closed the shim's socket: it ended");
            }
            if (count == 0) {
                idle(startNs, timeoutNs);
            }
        }
    }

    private static void idle(long startNs, long timeoutNs) throws IOException {
        long waitedNs = System.nanoTime() - startNs;
        if (waitedNs > timeoutNs) {
            throw new IOException("no answer from the shim within " + timeoutNs + " ns");
        }
        if (waitedNs < SPIN_NS) {
            Thread.onSpinWait();
        } else {
            LockSupport.parkNanos(PARK_NS);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
