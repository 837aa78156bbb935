package io.lockstep.hypervisor.riscv.cpu;

import io.lockstep.hypervisor.riscv.memory.GuestRam;
import java.util.Arrays;

/**
 * Decoded blocks by physical address. A page with blocks is a code page: the store TLB never holds it, so each store to it comes to
 * {@link #stored}. Stores beside the decoded bytes (64-byte lines) cost only that; stores to them drop the page's blocks. So a store is seen by the
 * very next instruction, with or without FENCE.I, however execution was cut into blocks.
 */
final class BlockCache {
    private static final int BUCKETS = 1 << 15;
    private static final int MOST_BLOCKS = 1 << 16;

    private final GuestRam ram;
    private final Block[] buckets = new Block[BUCKETS];
    private final Block[] pages;
    /** Bit i of a page: line i has decoded bytes. */
    private final long[] lines;

    private final long[] scratch = new long[Block.MAX];
    private int count;

    BlockCache(GuestRam ram) {
        this.ram = ram;
        int pageCount = Math.toIntExact(ram.bytes() >>> 12);
        pages = new Block[pageCount];
        lines = new long[pageCount];
    }

    private static int bucket(long address) {
        return (int) (address >>> 1 ^ address >>> 16) & (BUCKETS - 1);
    }

    boolean isCode(int page) {
        return lines[page] != 0;
    }

    /** The block at this address of RAM; null if its first instruction goes on in the next page. */
    Block find(long address) {
        int index = bucket(address);
        for (Block block = buckets[index]; block != null; block = block.nextInBucket) {
            if (block.address == address) {
                return block;
            }
        }
        return decode(address, index);
    }

    private Block decode(long address, int index) {
        if (count >= MOST_BLOCKS) {
            clear();
        }
        long host = ram.hostAddress(address & -4096);
        int at = (int) (address & 4095);
        int start = at;
        int length = 0;
        long wide = 0;
        boolean ended = false;
        while (!ended && length < Block.MAX && at < 4096) {
            int low = HostMemory.loadShort(host + at);
            boolean isWide = (low & 3) == 3;
            if (isWide && at == 4094) {
                break;
            }
            int raw = isWide ? HostMemory.loadInt(host + at) : low;
            long packed = Decoder.decode(isWide ? raw : Compressed.expand(raw), at - start);
            scratch[length] = packed;
            wide |= isWide ? 1L << length : 0;
            length++;
            at += isWide ? 4 : 2;
            ended = Op.endsBlock((int) packed & 0xff);
        }
        if (length == 0) {
            return null;
        }
        Block block = new Block(address, Arrays.copyOf(scratch, length), wide);
        insert(block, index);
        return block;
    }

    private void insert(Block block, int index) {
        int page = ram.page(block.address);
        block.nextInBucket = buckets[index];
        buckets[index] = block;
        block.nextInPage = pages[page];
        pages[page] = block;
        int first = (int) (block.address & 4095) >>> 6;
        int last = (int) ((block.address & 4095) + block.bytes - 1) >>> 6;
        for (int line = first; line <= last; line++) {
            lines[page] |= 1L << line;
        }
        count++;
    }

    /** Bytes of RAM were written; true if blocks were dropped. */
    boolean stored(long address, int bytes) {
        boolean dropped = false;
        long end = address + bytes;
        for (long at = address; at < end; at = (at | 63) + 1) {
            int page = ram.page(at);
            if ((lines[page] >>> ((at & 4095) >>> 6) & 1) != 0) {
                drop(page);
                dropped = true;
            }
        }
        return dropped;
    }

    /** Forgets the blocks of a page. */
    void drop(int page) {
        for (Block block = pages[page]; block != null; block = block.nextInPage) {
            block.valid = false;
            unlink(block);
            count--;
        }
        pages[page] = null;
        lines[page] = 0;
    }

    private void unlink(Block block) {
        int index = bucket(block.address);
        Block before = null;
        for (Block each = buckets[index]; each != block; each = each.nextInBucket) {
            before = each;
        }
        if (before == null) {
            buckets[index] = block.nextInBucket;
        } else {
            before.nextInBucket = block.nextInBucket;
        }
    }

    /** Forgets everything. */
    void clear() {
        for (int page = 0; page < pages.length; page++) {
            if (pages[page] != null) {
                drop(page);
            }
        }
    }
}
