package io.lockstep.hypervisor.dirty;

import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.spi.DirtyTracker;
import io.lockstep.nativeio.MappedMemory;
import io.lockstep.nativeio.ShimLibrary;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.agrona.CloseHelper;

/**
 * The engine's end of the shim in one QEMU process: create it before QEMU starts, add {@link #environment()} to the process, then
 * await the tracker.
 *
 * <p>It is also QEMU's lifeline: once the shim has connected, QEMU kills itself when this session is closed or this process ends,
 * whether the pages can be tracked or not.
 *
 * <p>Threading: one thread.
 */
public final class ShimSession implements AutoCloseable {
    private static final int MAX_SOCKET_PATH = 107;
    private static final long PARK_NS = 1_000_000;

    private final Path ramFile;
    private final long ramBytes;
    private final Path library;
    private final Path socketFile;
    private final Path mapFile;
    private final MappedMemory dirtyMap;
    private final ServerSocketChannel listener;
    private ShimConnection connection;
    private String problem = "";
    private long guestPid = -1;
    private boolean closed;

    /**
     * Creates the session's files and listens.
     *
     * @param ramFile the guest's memory file; must exist when QEMU maps it
     * @param ramBytes its size, a positive multiple of {@link PageRegion#PAGE_SIZE}
     * @param runDir an existing directory for this guest alone, on tmpfs for speed
     */
    public ShimSession(Path ramFile, long ramBytes, Path runDir) throws IOException {
        if (ramBytes <= 0 || ramBytes % PageRegion.PAGE_SIZE != 0) {
            throw new IllegalArgumentException(
                    "guest RAM of " + ramBytes + " bytes is not a positive multiple of " + PageRegion.PAGE_SIZE);
        }
        this.ramFile = ramFile.toAbsolutePath();
        this.ramBytes = ramBytes;
        Path directory = runDir.toAbsolutePath();
        this.socketFile = directory.resolve("shim.sock");
        this.mapFile = directory.resolve("dirty.map");
        requireShort(socketFile);
        this.library = ShimLibrary.extractTo(directory);
        Files.deleteIfExists(socketFile);
        Files.deleteIfExists(mapFile);
        this.dirtyMap = MappedMemory.createFile(mapFile, ShimProtocol.mapBytes(ramBytes));
        try {
            this.listener = listen(socketFile);
        } catch (IOException e) {
            dirtyMap.close();
            Files.deleteIfExists(mapFile);
            throw e;
        }
    }

    private static void requireShort(Path socketFile) {
        int length = socketFile.toString().getBytes(StandardCharsets.UTF_8).length;
        if (length > MAX_SOCKET_PATH) {
            throw new IllegalArgumentException("socket path " + socketFile + " has " + length + " bytes, more than "
                    + MAX_SOCKET_PATH + "; choose a shorter run directory");
        }
    }

    private static ServerSocketChannel listen(Path socketFile) throws IOException {
        ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.bind(UnixDomainSocketAddress.of(socketFile), 1);
            channel.configureBlocking(false);
            return channel;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** What to add to the environment of the QEMU process. The shim takes LD_PRELOAD out again for QEMU's own children. */
    public Map<String, String> environment() {
        return Map.of(
                "LD_PRELOAD", library.toString(),
                "MIRROR_RAM", ramFile.toString(),
                "MIRROR_SHIM_SOCKET", socketFile.toString(),
                "MIRROR_DIRTY_MAP", mapFile.toString());
    }

    /** Empty if this kernel can track pages through the shim, otherwise what failed in a trial run. Does not need QEMU. */
    public Support supported() {
        return new Support(ShimLibrary.problem(library));
    }

    /**
     * Waits for the shim's hello, if it has not come yet, and returns a tracker. A later call gives a new tracker over the same
     * connection, for a new secondary; close the old one first. Closing a tracker leaves the session open.
     *
     * @throws IOException with the reason, if the shim cannot track pages, or has not said hello in time (QEMU did not start, or did
     *     not map the memory file); unless it is the time, the reason is final
     */
    public DirtyTracker awaitTracker(long timeoutNs) throws IOException {
        if (closed) {
            throw new IllegalStateException("the shim session of " + ramFile + " is closed");
        }
        if (connection == null) {
            awaitHello(timeoutNs);
        }
        if (!problem.isEmpty()) {
            throw new IOException(problem);
        }
        return new WpAsyncTracker(this);
    }

    private void awaitHello(long timeoutNs) throws IOException {
        long startNs = System.nanoTime();
        SocketChannel channel = listener.accept();
        while (channel == null) {
            if (System.nanoTime() - startNs > timeoutNs) {
                throw new IOException("QEMU's shim did not connect within " + timeoutNs
                        + " ns: QEMU did not start, or did not map " + ramFile + " shared and writable");
            }
            LockSupport.parkNanos(PARK_NS);
            channel = listener.accept();
        }
        channel.configureBlocking(false);
        connection = new ShimConnection(channel);
        ByteBuffer hello = ByteBuffer.allocateDirect(ShimProtocol.HELLO_BYTES).order(ByteOrder.nativeOrder());
        try {
            connection.read(hello, startNs, timeoutNs);
            problem = verdict(hello);
        } catch (IOException e) {
            problem = "no hello from QEMU's shim: " + e.getMessage();
        }
    }

    private String verdict(ByteBuffer hello) {
        int magic = hello.getInt(ShimProtocol.HELLO_MAGIC);
        int version = hello.getInt(ShimProtocol.HELLO_VERSION);
        if (magic != ShimProtocol.MAGIC || version != ShimProtocol.VERSION) {
            return "shim speaks version " + version + " (magic " + Integer.toHexString(magic) + "), not "
                    + ShimProtocol.VERSION;
        }
        guestPid = hello.getLong(ShimProtocol.HELLO_PID);
        byte[] text = new byte[ShimProtocol.HELLO_BYTES - ShimProtocol.HELLO_TEXT];
        hello.get(ShimProtocol.HELLO_TEXT, text);
        String said = new String(text, StandardCharsets.UTF_8);
        int end = said.indexOf(0);
        return hello.getInt(ShimProtocol.HELLO_STATUS) == 0
                ? ""
                : "shim in process " + guestPid + " cannot track pages: " + (end < 0 ? said : said.substring(0, end));
    }

    /** The process that mapped the memory file, as the shim's hello gave it; -1 before that. */
    public long guestPid() {
        return guestPid;
    }

    /** Size of the guest's memory file in bytes. */
    public long ramBytes() {
        return ramBytes;
    }

    /** Lets the shim fill the dirty map and returns the number of pages in it; a failure is final. */
    long scan(long timeoutNs) throws IOException {
        if (closed) {
            throw new IOException("the shim session is closed");
        }
        if (!problem.isEmpty()) {
            throw new IOException(problem);
        }
        try {
            return connection.scan(ramBytes, timeoutNs);
        } catch (IOException e) {
            problem = e.getMessage();
            throw e;
        }
    }

    /** Where the dirty map is; valid until closed. */
    long mapAddress() {
        return dirtyMap.address();
    }

    /** Makes the reason final: the count of written pages is lost. */
    void fail(String reason) {
        problem = reason;
    }

    /** Ends QEMU, if its shim has connected, and removes the session's files. Idempotent. */
    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        try {
            CloseHelper.closeAll(connection, listener, dirtyMap);
        } finally {
            Files.deleteIfExists(socketFile);
            Files.deleteIfExists(mapFile);
            Files.deleteIfExists(library);
        }
    }
}
