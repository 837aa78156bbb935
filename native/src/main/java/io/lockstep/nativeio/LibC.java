package io.lockstep.nativeio;

import com.sun.jna.Native;
import com.sun.jna.Platform;

/** The C library's functions, bound directly. Addresses and sizes are longs; after a failure {@link #errno()} has the reason. */
final class LibC {
    static final int PROT_READ = 1;
    static final int PROT_WRITE = 2;
    static final int MAP_SHARED = 1;
    static final int MAP_PRIVATE = 2;
    static final int MAP_ANONYMOUS = 0x20;
    static final int MAP_NORESERVE = 0x4000;
    static final long MAP_FAILED = -1;
    static final int MADV_DONTNEED = 4;
    static final int O_RDONLY = 0;
    static final int O_RDWR = 2;
    static final int O_CREAT = 0x40;
    static final int O_EXCL = 0x80;
    static final int O_NONBLOCK = 0x800;
    static final int O_DIRECT = 0x4000;
    static final int O_CLOEXEC = 0x80000;
    static final int PR_SET_NAME = 15;
    static final int SIGCONT = 18;
    static final int SIGSTOP = 19;
    static final int P_PID = 1;
    static final int WNOHANG = 1;
    static final int WSTOPPED = 2;
    static final int WNOWAIT = 0x1000000;
    static final int RLIMIT_MEMLOCK = 8;

    static {
        Native.register(LibC.class, Platform.C_LIBRARY_NAME);
    }

    private LibC() {}

    /** Why the last call of this thread failed. */
    static int errno() {
        return Native.getLastError();
    }

    static native int open(String path, int flags, int mode);

    static native int close(int fd);

    static native long read(int fd, long address, long length);

    static native long write(int fd, long address, long length);

    static native long pread(int fd, long address, long length, long offset);

    static native long pwrite(int fd, long address, long length, long offset);

    static native long preadv2(int fd, long vector, int count, long offset, int flags);

    static native long pwritev2(int fd, long vector, int count, long offset, int flags);

    static native int fdatasync(int fd);

    static native long lseek(int fd, long offset, int whence);

    static native int ioctl(int fd, long request, long argument);

    static native int ftruncate(int fd, long length);

    static native int fallocate(int fd, int mode, long offset, long length);

    static native long mmap(long address, long length, int protection, int flags, int fd, long offset);

    static native int munmap(long address, long length);

    static native int madvise(long address, long length, int advice);

    static native int memcmp(long a, long b, long length);

    static native int mlock(long address, long length);

    static native int munlock(long address, long length);

    static native int getrlimit(int resource, long address);

    static native int eventfd(int initial, int flags);

    static native int poll(long fds, long count, int timeoutMs);

    static native int sched_setaffinity(int pid, long length, long mask);

    static native int sched_getaffinity(int pid, long length, long mask);

    static native int prctl(int option, long argument2, long argument3, long argument4, long argument5);

    static native int kill(int pid, int signal);

    static native int waitid(int idType, int id, long info, int options);

    static native String strerror(int errno);
}
