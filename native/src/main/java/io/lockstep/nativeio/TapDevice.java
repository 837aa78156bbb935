package io.lockstep.nativeio;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.agrona.BufferUtil;

/**
 * A tap network device: whole Ethernet frames in and out, without header, without blocking. Needs CAP_NET_ADMIN, unless the device
 * exists and belongs to this user.
 *
 * <p>Threading: one reader and one writer.
 */
public final class TapDevice implements AutoCloseable {
    private static final long TUNSETIFF = 0x400454caL;
    private static final int IFF_TAP = 0x0002;
    private static final int IFF_NO_PI = 0x1000;
    private static final int IFREQ_BYTES = 40;
    private static final int IFNAMSIZ = 16;

    private final int fd;
    private final String name;
    private boolean closed;

    private TapDevice(int fd, String name) {
        this.fd = fd;
        this.name = name;
    }

    /**
     * Attaches to the device of that name and creates it if there is none; the kernel fills in a {@code %d}.
     *
     * @param name 1 to 15 bytes
     */
    public static TapDevice open(String name) throws IOException {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0 || bytes.length >= IFNAMSIZ) {
            throw new IllegalArgumentException(
                    "tap device name '" + name + "' has " + bytes.length + " bytes, not 1 to " + (IFNAMSIZ - 1));
        }
        int fd = LibC.open("/dev/net/tun", LibC.O_RDWR | LibC.O_NONBLOCK | LibC.O_CLOEXEC, 0);
        if (fd < 0) {
            throw new NativeIoException("open /dev/net/tun for tap device " + name, LibC.errno());
        }
        ByteBuffer request = ByteBuffer.allocateDirect(IFREQ_BYTES).order(ByteOrder.nativeOrder());
        request.put(0, bytes).putShort(IFNAMSIZ, (short) (IFF_TAP | IFF_NO_PI));
        if (LibC.ioctl(fd, TUNSETIFF, BufferUtil.address(request)) != 0) {
            int errno = LibC.errno();
            LibC.close(fd);
            throw new NativeIoException("attach to tap device " + name, errno);
        }
        byte[] actual = new byte[IFNAMSIZ];
        request.get(0, actual);
        int length = 0;
        while (length < IFNAMSIZ && actual[length] != 0) {
            length++;
        }
        return new TapDevice(fd, new String(Arrays.copyOf(actual, length), StandardCharsets.UTF_8));
    }

    /** The device's name as the kernel knows it. */
    public String name() {
        return name;
    }

    /** The descriptor, for a {@link Poller}. */
    public int fd() {
        return fd;
    }

    /** Reads one frame into memory at an address; returns its length, 0 if none has arrived. A longer frame is cut off. */
    public int read(long address, int maxLength) throws IOException {
        requireOpen();
        return (int) transferred(LibC.read(fd, address, maxLength), "read a frame from ");
    }

    /** Sends one frame from memory at an address; false if the device has no room now. */
    public boolean write(long address, int length) throws IOException {
        requireOpen();
        return transferred(LibC.write(fd, address, length), "write a frame to ") != 0;
    }

    private long transferred(long result, String what) throws NativeIoException {
        if (result >= 0) {
            return result;
        }
        int errno = LibC.errno();
        if (errno == Errno.EAGAIN || errno == Errno.EINTR) {
            return 0;
        }
        throw new NativeIoException(what + "tap device " + name, errno);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("tap device " + name + " is closed");
        }
    }

    /** Detaches; a device that was created by {@link #open} goes away. Idempotent. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            LibC.close(fd);
        }
    }
}
