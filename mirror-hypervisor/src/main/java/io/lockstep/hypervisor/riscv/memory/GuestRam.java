package io.lockstep.hypervisor.riscv.memory;

import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.memory.PageSet;
import io.lockstep.mirror.verify.EpochDigest;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.UnsafeApi;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * RAM from {@link #BASE} on, outside the Java heap, zeroed. Addresses are checked by the callers that take them from the guest; the methods with a
 * physical address check them, too.
 *
 * <p>Written pages are marked when somebody is about to write: the hart once per page and filling of its store TLB, devices for each transfer.
 *
 * <p>Threading: one thread.
 */
public final class GuestRam implements AutoCloseable {
    /** Physical address of the first byte. */
    public static final long BASE = 0x8000_0000L;

    /** The address does not exist; no real host address is that. */
    public static final long NONE = -1;

    private static final int PAGE = PageRegion.PAGE_SIZE;
    private static final byte FOR_HARVEST = 1;
    private static final byte FOR_DIGEST = 2;
    private static final byte FOR_BOTH = 3;

    private final long allocation;
    private final long start;
    private final long bytes;
    private final PageRegion region;
    private final byte[] marks;
    private final long[] digests;
    private long digest;
    private boolean closed;

    /** Allocates; {@code bytes} is a positive multiple of the page size. */
    public GuestRam(long bytes) {
        if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
            throw new IllegalStateException("the embedded machine needs a little-endian host");
        }
        if (bytes <= 0 || bytes % PAGE != 0) {
            throw new IllegalArgumentException("RAM of " + bytes + " bytes is not a positive multiple of " + PAGE);
        }
        this.bytes = bytes;
        allocation = UnsafeApi.allocateMemory(bytes + PAGE);
        start = (allocation + PAGE - 1) & -PAGE;
        UnsafeApi.setMemory(start, bytes, (byte) 0);
        region = PageRegion.ofAddress(start, bytes);
        int pages = Math.toIntExact(bytes / PAGE);
        marks = new byte[pages];
        Arrays.fill(marks, FOR_HARVEST);
        digests = new long[pages];
        long zero = EpochDigest.ofBytes(new UnsafeBuffer(new byte[PAGE]), 0, PAGE);
        for (int i = 0; i < pages; i++) {
            digests[i] = withNumber(i, zero);
            digest ^= digests[i];
        }
    }

    private static long withNumber(long page, long content) {
        long mixed = (content + page * 0x9E3779B97F4A7C15L) * 0xC2B2AE3D27D4EB4FL;
        return mixed ^ mixed >>> 31;
    }

    /** Length in bytes. */
    public long bytes() {
        return bytes;
    }

    /** The pages, numbered from {@link #BASE} on. */
    public PageRegion region() {
        return region;
    }

    /** True if all of these bytes are RAM. */
    public boolean contains(long address, long length) {
        long offset = address - BASE;
        return offset >= 0 && length >= 0 && offset <= bytes - length;
    }

    /** Where the byte lies in this process, or {@link #NONE}. Valid up to the end of its page. */
    public long hostAddress(long address) {
        long offset = address - BASE;
        return offset >= 0 && offset < bytes ? start + offset : NONE;
    }

    /** Number of the page that holds an address of RAM. */
    public int page(long address) {
        return (int) ((address - BASE) >>> 12);
    }

    /** Somebody is about to write to the page. */
    public void written(int page) {
        marks[page] = FOR_BOTH;
    }

    /** Reads 8 bytes of RAM. */
    public long readLong(long address) {
        check(address, Long.BYTES);
        return UnsafeApi.getLong(start + (address - BASE));
    }

    /** Writes 8 bytes of RAM and marks the page. */
    public void writeLong(long address, long value) {
        check(address, Long.BYTES);
        UnsafeApi.putLong(start + (address - BASE), value);
        written(page(address));
        written(page(address + Long.BYTES - 1));
    }

    /** Copies out of RAM. */
    public void read(long address, MutableDirectBuffer target, int offset, int length) {
        check(address, length);
        for (int done = 0; done < length; ) {
            long from = address - BASE + done;
            int piece = Math.min(length - done, PAGE - (int) (from & (PAGE - 1)));
            long page = from >>> 12;
            target.putBytes(offset + done, region.chunk(page), region.offset(page) + (int) (from & (PAGE - 1)), piece);
            done += piece;
        }
    }

    /** Copies into RAM and marks the pages. */
    public void write(long address, DirectBuffer source, int offset, int length) {
        check(address, length);
        for (int done = 0; done < length; ) {
            long to = address - BASE + done;
            int piece = Math.min(length - done, PAGE - (int) (to & (PAGE - 1)));
            long page = to >>> 12;
            region.chunk(page).putBytes(region.offset(page) + (int) (to & (PAGE - 1)), source, offset + done, piece);
            written((int) page);
            done += piece;
        }
    }

    private void check(long address, int length) {
        if (closed || !contains(address, length)) {
            throw new IndexOutOfBoundsException(
                    closed
                            ? "the machine is closed"
                            : length + " bytes at " + Long.toHexString(address) + " are not RAM");
        }
    }

    /** Adds the pages written since the last call; the first call adds all. The caller flushes store TLBs. */
    public void harvest(PageSet into) {
        for (int i = 0; i < marks.length; i++) {
            if ((marks[i] & FOR_HARVEST) != 0) {
                marks[i] &= ~FOR_HARVEST;
                into.add(i);
            }
        }
    }

    /** Digest over all pages; looks at those written since the last call. The caller flushes store TLBs. */
    public long digest() {
        for (int i = 0; i < marks.length; i++) {
            if ((marks[i] & FOR_DIGEST) != 0) {
                marks[i] &= ~FOR_DIGEST;
                long now = pageDigest(i);
                digest ^= digests[i] ^ now;
                digests[i] = now;
            }
        }
        return digest;
    }

    /** Digest of one page's content and number. */
    public long pageDigest(long page) {
        return withNumber(page, EpochDigest.ofBytes(region.chunk(page), region.offset(page), PAGE));
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            UnsafeApi.freeMemory(allocation);
        }
    }
}
