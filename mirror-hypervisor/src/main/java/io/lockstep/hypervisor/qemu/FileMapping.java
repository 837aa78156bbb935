package io.lockstep.hypervisor.qemu;

import io.lockstep.mirror.memory.PageRegion;
import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import org.agrona.BufferUtil;

/** A file as pages. The one place that maps memory. */
final class FileMapping implements AutoCloseable {
    /** The most one mapping can hold. */
    static final long MAX_BYTES = 2L << 30;

    private final MappedByteBuffer buffer;
    private final PageRegion region;
    private boolean closed;

    private FileMapping(MappedByteBuffer buffer, PageRegion region) {
        this.buffer = buffer;
        this.region = region;
    }

    /** Maps the file's first bytes, shared and writable. */
    static FileMapping map(FileChannel file, long bytes) throws IOException {
        if (bytes >= MAX_BYTES) {
            throw new IOException("cannot map " + bytes + " bytes, the limit is " + (MAX_BYTES - 1));
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
