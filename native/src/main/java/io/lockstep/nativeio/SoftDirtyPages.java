package io.lockstep.nativeio;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ThreadLocalRandom;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The kernel's soft-dirty bits of a process: which of its pages it has written since they were last cleared. Reading and clearing
 * are two steps; a write between them is lost unless the process is held still.
 *
 * <p>Threading: one thread. Source: Documentation/admin-guide/mm/soft-dirty.rst.
 */
public final class SoftDirtyPages implements AutoCloseable {
    private static final int PAGES_PER_READ = 8192;
    private static final int SOFT_DIRTY_BIT = 55;
    private static final byte CLEAR_SOFT_DIRTY = '4';

    private final long pid;
    private final FileChannel pagemap;
    private final FileChannel clearRefs;
    private final ByteBuffer entries =
            ByteBuffer.allocateDirect(PAGES_PER_READ * Long.BYTES).order(ByteOrder.nativeOrder());
    private final ByteBuffer clear = ByteBuffer.allocateDirect(1).put(0, CLEAR_SOFT_DIRTY);

    /** Receives 64 pages at once: bit i of {@code bits} is page {@code wordIndex * 64 + i}. */
    @FunctionalInterface
    public interface WordConsumer {
        /** Takes a word that is not 0. */
        void accept(int wordIndex, long bits);
    }

    private SoftDirtyPages(long pid, FileChannel pagemap, FileChannel clearRefs) {
        this.pid = pid;
        this.pagemap = pagemap;
        this.clearRefs = clearRefs;
    }

    /** Opens the bits of a process of the same user. */
    public static SoftDirtyPages open(long pid) throws IOException {
        FileChannel pagemap = FileChannel.open(Path.of("/proc/" + pid + "/pagemap"), StandardOpenOption.READ);
        try {
            FileChannel clearRefs = FileChannel.open(Path.of("/proc/" + pid + "/clear_refs"), StandardOpenOption.WRITE);
            return new SoftDirtyPages(pid, pagemap, clearRefs);
        } catch (IOException e) {
            pagemap.close();
            throw e;
        }
    }

    /** Tries it on this process; empty if the kernel keeps soft-dirty bits, otherwise what is missing. */
    public static String problem() {
        try (SoftDirtyPages self = open(ProcessHandle.current().pid());
                MappedMemory memory = MappedMemory.anonymous(64L * MappedMemory.PAGE_SIZE)) {
            UnsafeBuffer page = new UnsafeBuffer(memory.address(), MappedMemory.PAGE_SIZE);
            page.putLong(0, ThreadLocalRandom.current().nextLong());
            self.clear();
            long[] seen = new long[2];
            self.read(memory.address(), 64, (index, bits) -> seen[0] |= bits);
            page.putLong(0, ThreadLocalRandom.current().nextLong());
            self.read(memory.address(), 64, (index, bits) -> seen[1] |= bits);
            return seen[0] == 0 && seen[1] == 1
                    ? ""
                    : "the kernel keeps no soft-dirty bits (CONFIG_MEM_SOFT_DIRTY is not set)";
        } catch (IOException e) {
            return "soft-dirty bits cannot be read: " + e;
        }
    }

    /** Hands over the written pages among {@code pageCount} pages from an address, as words numbered from there. */
    public void read(long address, long pageCount, WordConsumer consumer) throws IOException {
        for (long first = 0; first < pageCount; first += PAGES_PER_READ) {
            int count = (int) Math.min(PAGES_PER_READ, pageCount - first);
            fill((address / MappedMemory.PAGE_SIZE + first) * Long.BYTES, count * Long.BYTES);
            for (int base = 0; base < count; base += Long.SIZE) {
                long bits = 0;
                for (int i = base; i < Math.min(base + Long.SIZE, count); i++) {
                    bits |= (entries.getLong(i * Long.BYTES) >>> SOFT_DIRTY_BIT & 1) << i;
                }
                if (bits != 0) {
                    consumer.accept((int) ((first + base) >>> 6), bits);
                }
            }
        }
    }

    private void fill(long position, int bytes) throws IOException {
        entries.clear().limit(bytes);
        while (entries.hasRemaining()) {
            if (pagemap.read(entries, position + entries.position()) <= 0) {
                throw new EOFException("process " + pid + " has no pagemap entry any more: it ended");
            }
        }
    }

    /** Clears the bits of every page of the process and re-arms the tracking. */
    public void clear() throws IOException {
        clear.clear();
        clearRefs.write(clear, 0);
    }

    @Override
    public void close() throws IOException {
        pagemap.close();
        clearRefs.close();
    }
}
