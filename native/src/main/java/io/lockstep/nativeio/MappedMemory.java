package io.lockstep.nativeio;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.agrona.BufferUtil;

/**
 * Memory at a fixed address until closed, of any size: a file mapped shared, or anonymous.
 *
 * <p>Threading: the memory itself has no synchronisation; {@link #close()} must not overlap any use of the address.
 */
public final class MappedMemory implements AutoCloseable {
    /** Bytes per page; sizes are multiples of it. */
    public static final int PAGE_SIZE = 4096;

    private final String what;
    private final long address;
    private final long bytes;
    private boolean closed;

    private MappedMemory(String what, long address, long bytes) {
        this.what = what;
        this.address = address;
        this.bytes = bytes;
    }

    /**
     * Creates a file of that size, with its space reserved, and maps it for reading and writing. On tmpfs the memory is really
     * taken: later writes cannot fail. A file created in vain is removed.
     *
     * @throws IOException if the file exists, or there is no space; the message has the file, the size wanted and the space free
     */
    public static MappedMemory createFile(Path file, long bytes) throws IOException {
        requireWholePages(bytes);
        int fd = open(file, LibC.O_RDWR | LibC.O_CREAT | LibC.O_EXCL | LibC.O_CLOEXEC);
        boolean done = false;
        try {
            reserve(file, fd, bytes);
            MappedMemory memory = map(file.toString(), bytes, LibC.PROT_READ | LibC.PROT_WRITE, LibC.MAP_SHARED, fd);
            done = true;
            return memory;
        } finally {
            LibC.close(fd);
            if (!done) {
                Files.deleteIfExists(file);
            }
        }
    }

    /** Maps the whole of an existing file for reading and writing; its size must be a positive multiple of {@link #PAGE_SIZE}. */
    public static MappedMemory openFile(Path file) throws IOException {
        return openExisting(file, LibC.O_RDWR, LibC.PROT_READ | LibC.PROT_WRITE);
    }

    /** Maps the whole of an existing file for reading; a write to it ends the process. */
    public static MappedMemory openFileReadOnly(Path file) throws IOException {
        return openExisting(file, LibC.O_RDONLY, LibC.PROT_READ);
    }

    /** Maps zeroed private memory that takes no space until it is touched. */
    public static MappedMemory anonymous(long bytes) throws IOException {
        requireWholePages(bytes);
        int flags = LibC.MAP_PRIVATE | LibC.MAP_ANONYMOUS | LibC.MAP_NORESERVE;
        return map("anonymous memory", bytes, LibC.PROT_READ | LibC.PROT_WRITE, flags, -1);
    }

    /** Whether two ranges of native memory hold the same bytes, at memory speed. The caller answers for the addresses. */
    public static boolean equal(long addressA, long addressB, long length) {
        return LibC.memcmp(addressA, addressB, length) == 0;
    }

    private static MappedMemory openExisting(Path file, int openFlags, int protection) throws IOException {
        int fd = open(file, openFlags | LibC.O_CLOEXEC);
        try {
            long bytes = Files.size(file);
            requireWholePages(bytes);
            return map(file.toString(), bytes, protection, LibC.MAP_SHARED, fd);
        } finally {
            LibC.close(fd);
        }
    }

    private static int open(Path file, int flags) throws NativeIoException {
        int fd = LibC.open(file.toString(), flags, 0600);
        if (fd < 0) {
            throw new NativeIoException("open " + file, LibC.errno());
        }
        return fd;
    }

    private static void reserve(Path file, int fd, long bytes) throws IOException {
        int result = LibC.ftruncate(fd, bytes);
        if (result == 0) {
            do {
                result = LibC.fallocate(fd, 0, 0, bytes);
            } while (result != 0 && LibC.errno() == Errno.EINTR);
        }
        if (result != 0) {
            int errno = LibC.errno();
            LibC.ftruncate(fd, 0);
            long free = Files.getFileStore(file).getUsableSpace();
            throw new NativeIoException(
                    "reserve " + bytes + " bytes for " + file + " (" + free + " bytes free there)", errno);
        }
    }

    private static MappedMemory map(String what, long bytes, int protection, int flags, int fd)
            throws NativeIoException {
        long address = LibC.mmap(0, bytes, protection, flags, fd, 0);
        if (address == LibC.MAP_FAILED) {
            throw new NativeIoException("map " + bytes + " bytes of " + what, LibC.errno());
        }
        return new MappedMemory(what, address, bytes);
    }

    private static void requireWholePages(long bytes) {
        if (bytes <= 0 || (bytes & (PAGE_SIZE - 1)) != 0) {
            throw new IllegalArgumentException(bytes + " bytes is not a positive multiple of " + PAGE_SIZE);
        }
    }

    /** The first byte. */
    public long address() {
        requireOpen();
        return address;
    }

    /** Length in bytes. */
    public long bytes() {
        return bytes;
    }

    /** Gives the pages of a range back: anonymous memory reads as zero afterwards, a file's pages as the file. */
    public void discard(long offset, long length) throws IOException {
        requireRange(offset, length);
        if (LibC.madvise(address + offset, length, LibC.MADV_DONTNEED) != 0) {
            throw new NativeIoException("madvise(MADV_DONTNEED) of " + what, LibC.errno());
        }
    }

    /** Takes the memory now and keeps it from being swapped out, until closed. */
    public void lock() throws IOException {
        requireOpen();
        if (LibC.mlock(address, bytes) != 0) {
            int errno = LibC.errno();
            throw new NativeIoException(
                    "mlock " + bytes + " bytes of " + what + " (RLIMIT_MEMLOCK is " + memlockLimit()
                            + "; raise it with ulimit -l, or LimitMEMLOCK= in the unit)",
                    errno);
        }
    }

    private static String memlockLimit() {
        ByteBuffer limits = ByteBuffer.allocateDirect(16).order(ByteOrder.nativeOrder());
        if (LibC.getrlimit(LibC.RLIMIT_MEMLOCK, BufferUtil.address(limits)) != 0) {
            return "unknown";
        }
        long soft = limits.getLong(0);
        return soft == -1 ? "unlimited" : soft + " bytes";
    }

    private void requireRange(long offset, long length) {
        requireOpen();
        if (offset < 0 || length < 0 || offset > bytes - length || (offset & (PAGE_SIZE - 1)) != 0) {
            throw new IllegalArgumentException(
                    "range of " + length + " bytes at " + offset + " of " + bytes + " bytes");
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException(what + " is unmapped");
        }
    }

    /** Unmaps; the file stays. Idempotent. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            LibC.munmap(address, bytes);
        }
    }
}
