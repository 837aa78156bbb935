package io.lockstep.mirror.verify;

import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.record.Blob;
import net.openhft.hashing.LongHashFunction;
import org.agrona.DirectBuffer;

/**
 * Digest of one epoch: the XXH3 of each page's content with its number, and of each piece of the blobs, in stream order. Also
 * carries the chain from epoch to epoch.
 *
 * <p>Threading: one thread. No allocation.
 */
public final class EpochDigest {
    private static final LongHashFunction HASH = LongHashFunction.xx3();
    private static final long K1 = 0x9E3779B185EBCA87L;
    private static final long K2 = 0xC2B2AE3D27D4EB4FL;

    private long digest;
    private long chain;

    /** Digest of a page's content. */
    public static long ofPage(DirectBuffer buffer, int offset) {
        return ofBytes(buffer, offset, PageRegion.PAGE_SIZE);
    }

    /** Digest of a page's content and number, so that a page put into the wrong place is noticed at once. */
    public static long ofPage(long page, DirectBuffer buffer, int offset) {
        return fold(K1, page, ofPage(buffer, offset));
    }

    /** Digest of some bytes. */
    public static long ofBytes(DirectBuffer buffer, int offset, int length) {
        byte[] array = buffer.byteArray();
        if (array == null) {
            return HASH.hashMemory(buffer.addressOffset() + offset, length);
        }
        return HASH.hashBytes(
                array,
                Math.toIntExact(buffer.addressOffset() - org.agrona.BufferUtil.ARRAY_BASE_OFFSET) + offset,
                length);
    }

    /** Forgets the epoch so far and goes on from this chain value. */
    public void restart(long fromChain) {
        digest = 0;
        chain = fromChain;
    }

    /** Adds a page. */
    public void page(long page, long pageDigest) {
        digest = fold(digest, page, pageDigest);
    }

    /** Adds a piece of a blob. */
    public void chunk(Blob blob, long blobOffset, long pieceDigest) {
        digest = fold(digest, ~(blobOffset << 1 | blob.ordinal()), pieceDigest);
    }

    /** The digest of what was added since the last epoch end. */
    public long digest() {
        return digest;
    }

    /** Ends the epoch: chains its digest and starts the next one. Returns the new chain value. */
    public long endEpoch(long epoch) {
        chain = fold(chain, epoch, digest);
        digest = 0;
        return chain;
    }

    /** The chain value of the last ended epoch. */
    public long chain() {
        return chain;
    }

    private static long fold(long accumulated, long position, long value) {
        long mixed = Long.rotateLeft(accumulated, 27) * K1 ^ (value + position * K2);
        mixed ^= mixed >>> 29;
        return mixed * K2;
    }
}
