package io.lockstep.hypervisor.qemu;

import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.nativeio.MappedMemory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Guest RAM as a file that QEMU and this process both map. Every byte is written before use, a slice per call, because tmpfs takes memory
 * only then: a file that is merely long enough would kill whoever touches it when memory has run out.
 */
final class RamFile implements AutoCloseable {
    private static final int WRITES_PER_SLICE = 8;
    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(1 << 20).asReadOnlyBuffer();

    private final Path path;
    private final long bytes;
    private final FileChannel file;
    private final ByteBuffer zeros = ZEROS.duplicate();
    private MappedMemory mapping;
    private PageRegion region;
    private long reserved;

    private RamFile(Path path, long bytes, FileChannel file) {
        this.path = path;
        this.bytes = bytes;
        this.file = file;
    }

    /**
     * Creates the file, empty.
     *
     * @throws IOException if the file system or the host has less room than {@code bytes}; the message has the numbers
     */
    static RamFile create(Path path, long bytes) throws IOException {
        long room = Files.getFileStore(path.toAbsolutePath().getParent()).getUsableSpace();
        if (room < bytes) {
            throw shortOf(bytes, room, "free in " + path.getParent());
        }
        long memory = availableMemory();
        if (memory < bytes) {
            throw shortOf(bytes, memory, "available on this host");
        }
        Files.deleteIfExists(path);
        FileChannel file = FileChannel.open(
                path, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
        return new RamFile(path, bytes, file);
    }

    private static IOException shortOf(long wanted, long available, String where) {
        return new IOException(
                "cannot reserve guest memory: wanted " + wanted + " bytes, " + available + " bytes are " + where);
    }

    private static long availableMemory() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
            if (line.startsWith("MemAvailable:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) << 10;
            }
        }
        return Long.MAX_VALUE;
    }

    /** Reserves one more slice; true once everything is reserved and mapped. */
    boolean reserveSome() throws IOException {
        for (int i = 0; i < WRITES_PER_SLICE && reserved < bytes; i++) {
            zeros.clear().limit((int) Math.min(zeros.capacity(), bytes - reserved));
            try {
                reserved += file.write(zeros, reserved);
            } catch (IOException e) {
                throw new IOException(
                        "cannot reserve guest memory: wanted " + bytes + " bytes, got " + reserved + ": "
                                + e.getMessage(),
                        e);
            }
        }
        if (mapping == null && reserved == bytes) {
            mapping = MappedMemory.openFile(path);
            region = PageRegion.ofAddress(mapping.address(), bytes);
        }
        return mapping != null;
    }

    Path path() {
        return path;
    }

    /** The pages; legal once {@link #reserveSome()} returned true. */
    PageRegion region() {
        if (region == null) {
            throw new IllegalStateException(
                    "only " + reserved + " of " + bytes + " bytes of guest memory are reserved");
        }
        return region;
    }

    /** Removes the file's name; mappings stay usable. */
    void unlink() {
        Quiet.delete(path);
    }

    @Override
    public void close() {
        unlink();
        Quiet.close(mapping);
        Quiet.close(file);
    }
}
