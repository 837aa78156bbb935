package io.lockstep.hypervisor.qemu;

import io.lockstep.mirror.memory.PageRegion;
import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.agrona.BufferUtil;

/** A file as pages. The one place of this package that maps memory. */
final class FileMapping implements AutoCloseable {
    /** The most one mapping can hold. */
    static final long MAX_BYTES = (2L << 30) - PageRegion.PAGE_SIZE;

    private final MappedByteBuffer buffer;
    private final PageRegion region;
    private boolean closed;

    private FileMapping(MappedByteBuffer buffer, PageRegion region) {
        this.buffer = buffer;
        this.region = region;
    }

    /** Maps the whole of an existing file, shared and writable. */
    static FileMapping openFile(Path path) throws IOException {
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return map(file, file.size());
        }
    }

    /** Maps memory that is taken only when touched: a sparse file on tmpfs, whose name is gone at once. */
    static FileMapping scratch(Path path, long bytes) throws IOException {
        try (FileChannel file = FileChannel.open(
                path, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return map(file, bytes);
        } finally {
            Quiet.delete(path);
        }
    }

    private static FileMapping map(FileChannel file, long bytes) throws IOException {
        if (bytes > MAX_BYTES) {
            throw new IOException("cannot map " + bytes + " bytes, the limit is " + MAX_BYTES);
        }
        MappedByteBuffer buffer = file.map(FileChannel.MapMode.READ_WRITE, 0, bytes);
        return new FileMapping(buffer, PageRegion.ofAddress(BufferUtil.address(buffer), bytes));
    }

    PageRegion region() {
        return region;
    }

    /** Unmaps; the region must not be touched any more. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            BufferUtil.free(buffer);
        }
    }
}
