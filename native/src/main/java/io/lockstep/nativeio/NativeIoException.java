package io.lockstep.nativeio;

import java.io.IOException;

/** A system call failed. The message names the call, what it was applied to, and the error. */
public final class NativeIoException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int errno;

    NativeIoException(String what, int errno) {
        super(what + ": " + Errno.describe(errno));
        this.errno = errno;
    }

    /** The error number of the system call. */
    public int errno() {
        return errno;
    }
}
