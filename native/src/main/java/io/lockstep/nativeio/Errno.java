package io.lockstep.nativeio;

/** Error numbers of Linux on x86-64 that this package acts on, and the names of all that it is likely to meet. */
final class Errno {
    static final int EINTR = 4;
    static final int EAGAIN = 11;
    static final int ENOMEM = 12;
    static final int ENOSPC = 28;

    private static final String[] NAMES = {
        "OK",
        "EPERM",
        "ENOENT",
        "ESRCH",
        "EINTR",
        "EIO",
        "ENXIO",
        "E2BIG",
        "ENOEXEC",
        "EBADF",
        "ECHILD",
        "EAGAIN",
        "ENOMEM",
        "EACCES",
        "EFAULT",
        "ENOTBLK",
        "EBUSY",
        "EEXIST",
        "EXDEV",
        "ENODEV",
        "ENOTDIR",
        "EISDIR",
        "EINVAL",
        "ENFILE",
        "EMFILE",
        "ENOTTY",
        "ETXTBSY",
        "EFBIG",
        "ENOSPC",
        "ESPIPE",
        "EROFS",
        "EMLINK",
        "EPIPE",
        "EDOM",
        "ERANGE",
        "EDEADLK",
        "ENAMETOOLONG",
        "ENOLCK",
        "ENOSYS"
    };

    private Errno() {}

    /** For people, such as {@code "ENOSPC: No space left on device"}. */
    static String describe(int errno) {
        String text = LibC.strerror(errno);
        return errno >= 0 && errno < NAMES.length ? NAMES[errno] + ": " + text : "errno " + errno + ": " + text;
    }
}
