package io.lockstep.nativeio;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.agrona.BufferUtil;

/**
 * A regular file or a block device as a disk: positioned transfers from and to native memory, O_DIRECT, durable writes, holes. Every call may
 * block, for ever if the medium hangs. What can fail in use returns a negative error number instead of throwing: it costs nothing, and the
 * caller decides what it means; {@link #describe} has the words.
 *
 * <p>Threading: any number of threads; {@link #close()} must not overlap another call.
 */
public final class DiskFile implements AutoCloseable {
    /** Error number: not permitted. */
    public static final int EPERM = 1;
    /** Error number: input or output failed. */
    public static final int EIO = 5;
    /** Error number: no such device or address; of a search: nothing up to the end. */
    public static final int ENXIO = 6;
    /** Error number: would have to wait. */
    public static final int EAGAIN = Errno.EAGAIN;
    /** Error number: permission denied. */
    public static final int EACCES = 13;
    /** Error number: a value that the call does not take. */
    public static final int EINVAL = 22;
    /** Error number: a file cannot grow that far. */
    public static final int EFBIG = 27;
    /** Error number: no space left. */
    public static final int ENOSPC = Errno.ENOSPC;
    /** Error number: the file system is read-only. */
    public static final int EROFS = 30;
    /** Error number: the kernel has no such call. */
    public static final int ENOSYS = 38;
    /** Error number: this file cannot do that. */
    public static final int EOPNOTSUPP = 95;
    /** Error number: the user's share of the space is used up. */
    public static final int EDQUOT = 122;

    private static final int FALLOC_KEEP_SIZE = 1;
    private static final int FALLOC_PUNCH_HOLE = 2;
    private static final int FALLOC_ZERO_RANGE = 0x10;
    private static final int SEEK_END = 2;
    private static final int SEEK_DATA = 3;
    private static final int SEEK_HOLE = 4;
    private static final int RWF_DSYNC = 2;
    private static final int RWF_NOWAIT = 8;
    private static final long BLKSSZGET = 0x1268;
    private static final long BLKDISCARD = 0x1277;
    private static final long BLKROGET = 0x125e;

    private final int fd;
    private boolean closed;

    private DiskFile(int fd) {
        this.fd = fd;
    }

    /**
     * Opens a file that exists. {@code direct}: O_DIRECT; a file system that does not have it fails with {@link #EINVAL} or
     * {@link #EOPNOTSUPP}.
     */
    public static DiskFile open(String path, boolean readOnly, boolean direct) throws NativeIoException {
        int flags = (readOnly ? LibC.O_RDONLY : LibC.O_RDWR) | LibC.O_CLOEXEC | (direct ? LibC.O_DIRECT : 0);
        int fd = LibC.open(path, flags, 0);
        if (fd < 0) {
            throw new NativeIoException("open " + path + (direct ? " with O_DIRECT" : ""), LibC.errno());
        }
        return new DiskFile(fd);
    }

    /** For people, such as {@code "ENOSPC: No space left on device"}; takes an error number or its negative. */
    public static String describe(long errno) {
        return Errno.describe((int) Math.abs(errno));
    }

    /** Bytes of the file or device, or a negative error number. */
    public long size() {
        return checked(LibC.lseek(fd, 0, SEEK_END));
    }

    /** Bytes of a logical sector; 0 if this is no block device. */
    public int sectorSize() {
        return (int) deviceNumber(BLKSSZGET);
    }

    /** True if this is a block device that takes no writes. */
    public boolean isReadOnlyDevice() {
        return deviceNumber(BLKROGET) > 0;
    }

    private long deviceNumber(long what) {
        ByteBuffer value = ByteBuffer.allocateDirect(Long.BYTES).order(ByteOrder.nativeOrder());
        return LibC.ioctl(fd, what, BufferUtil.address(value)) == 0 ? value.getInt(0) : 0;
    }

    /** Reads into memory at an address; returns the bytes read, 0 at the end, or a negative error number. */
    public long read(long address, long length, long offset) {
        long result;
        do {
            result = checked(LibC.pread(fd, address, length, offset));
        } while (result == -Errno.EINTR);
        return result;
    }

    /**
     * Reads what the page cache has, without waiting; {@link #EAGAIN} if that is nothing, {@link #EOPNOTSUPP} if the file system cannot
     * tell. Not for O_DIRECT, which would wait for the device.
     */
    public long readCached(IoVector vector, long address, long length, long offset) {
        vector.set(address, length);
        return checked(LibC.preadv2(fd, vector.address(), 1, offset, RWF_NOWAIT));
    }

    /** Writes memory at an address; returns the bytes written, which may be fewer, or a negative error number. */
    public long write(long address, long length, long offset) {
        long result;
        do {
            result = checked(LibC.pwrite(fd, address, length, offset));
        } while (result == -Errno.EINTR);
        return result;
    }

    /** As {@link #write}, and what was written is durable. */
    public long writeDurable(IoVector vector, long address, long length, long offset) {
        long result;
        do {
            vector.set(address, length);
            result = checked(LibC.pwritev2(fd, vector.address(), 1, offset, RWF_DSYNC));
        } while (result == -Errno.EINTR);
        return result;
    }

    /** Makes everything written so far durable; 0 or a negative error number. */
    public long sync() {
        long result;
        do {
            result = checked(LibC.fdatasync(fd));
        } while (result == -Errno.EINTR);
        return result;
    }

    /** Gives a range back to the file system or device; it reads as zeroes. 0 or a negative error number. */
    public long punchHole(long offset, long length) {
        return allocate(FALLOC_PUNCH_HOLE | FALLOC_KEEP_SIZE, offset, length);
    }

    /** Zeroes a range and keeps its space. A block device may do so by writing. 0 or a negative error number. */
    public long zeroRange(long offset, long length) {
        return allocate(FALLOC_ZERO_RANGE | FALLOC_KEEP_SIZE, offset, length);
    }

    private long allocate(int mode, long offset, long length) {
        long result;
        do {
            result = checked(LibC.fallocate(fd, mode, offset, length));
        } while (result == -Errno.EINTR);
        return result;
    }

    /** Tells a block device that a range is not needed; what it reads as is the device's choice. 0 or a negative error number. */
    public long discardBlocks(IoVector scratch, long offset, long length) {
        scratch.set(offset, length); // the call takes two such numbers
        return checked(LibC.ioctl(fd, BLKDISCARD, scratch.address()));
    }

    /** The first byte from the offset on that is stored; {@link #ENXIO} if there is none. */
    public long nextData(long offset) {
        return checked(LibC.lseek(fd, offset, SEEK_DATA));
    }

    /** The first byte from the offset on that is not stored; the end counts as one. */
    public long nextHole(long offset) {
        return checked(LibC.lseek(fd, offset, SEEK_HOLE));
    }

    private static long checked(long result) {
        return result < 0 ? -LibC.errno() : result;
    }

    /** Closes; errors have nowhere to go: what must be durable was synced before. Idempotent. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            LibC.close(fd);
        }
    }
}
