package io.lockstep.nativeio;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.LockSupport;
import org.agrona.BufferUtil;

/**
 * Holds every thread of a child process still for a moment (SIGSTOP, then SIGCONT).
 *
 * <p>Threading: one thread. The process must be a child of this one: only a parent is told when the last thread has stopped.
 */
public final class ProcessFreezer {
    private static final int SIGINFO_BYTES = 128;
    private static final long POLL_NS = 20_000;

    private final int pid;
    private final ByteBuffer info = ByteBuffer.allocateDirect(SIGINFO_BYTES);
    private final long infoAddress = BufferUtil.address(info);

    /** Freezes nothing yet. */
    public ProcessFreezer(long pid) {
        this.pid = Math.toIntExact(pid);
    }

    /** Empty if the process is a live child of this one, otherwise why it cannot be frozen. */
    public String problem() {
        int result = LibC.waitid(LibC.P_PID, pid, infoAddress, LibC.WSTOPPED | LibC.WNOHANG | LibC.WNOWAIT);
        return result == 0 ? "" : "process " + pid + " is not a live child: " + Errno.describe(LibC.errno());
    }

    /** Returns when every thread of the process has stopped; {@link #thaw()} is due even if it fails. */
    public void freeze(long timeoutNs) throws IOException {
        if (LibC.kill(pid, LibC.SIGSTOP) != 0) {
            throw new NativeIoException("stop process " + pid, LibC.errno());
        }
        long startNs = System.nanoTime();
        while (!isStopped()) {
            if (System.nanoTime() - startNs > timeoutNs) {
                throw new IOException("process " + pid + " did not stop within " + timeoutNs + " ns");
            }
            LockSupport.parkNanos(POLL_NS);
        }
    }

    private boolean isStopped() throws NativeIoException {
        info.putInt(0, 0);
        if (LibC.waitid(LibC.P_PID, pid, infoAddress, LibC.WSTOPPED | LibC.WNOHANG | LibC.WNOWAIT) != 0) {
            throw new NativeIoException("wait for process " + pid + " to stop", LibC.errno());
        }
        return info.getInt(0) != 0;
    }

    /** Lets the process go on. */
    public void thaw() {
        LibC.kill(pid, LibC.SIGCONT);
    }
}
