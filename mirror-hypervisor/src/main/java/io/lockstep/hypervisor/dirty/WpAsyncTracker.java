package io.lockstep.hypervisor.dirty;

import io.lockstep.mirror.memory.PageSet;
import io.lockstep.mirror.spi.DirtyTracker;
import java.io.IOException;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Knows the written pages from the shim inside QEMU, which lets the kernel collect and re-protect them in one step (userfaultfd
 * WP_ASYNC and PAGEMAP_SCAN, Linux 6.7). The cost follows the number of written pages, not the size of the guest. Sees pages
 * that a balloon gave back, because the shim watches for it; does not see writes by other processes, such as vhost-user back ends, nor
 * system calls that write to the memory file instead of the memory.
 *
 * <p>Threading: one thread. {@link #harvest} waits for one answer of the shim, well under a millisecond unless QEMU is stopped.
 */
final class WpAsyncTracker implements DirtyTracker {
    private static final long ANSWER_TIMEOUT_NS = 5_000_000_000L;

    private final ShimSession session;
    private final UnsafeBuffer map;
    private final int words;
    private boolean closed;

    WpAsyncTracker(ShimSession session) {
        this.session = session;
        this.words = ShimProtocol.mapWords(session.ramBytes());
        this.map = new UnsafeBuffer(session.mapAddress(), words * Long.BYTES);
    }

    @Override
    public void harvest(PageSet into) {
        if (closed) {
            throw new IllegalStateException("the tracker is closed");
        }
        long announced;
        try {
            announced = session.scan(ANSWER_TIMEOUT_NS);
        } catch (IOException e) {
            throw new IllegalStateException("written pages unknown: " + e.getMessage(), e);
        }
        long found = 0;
        for (int word = 0; word < words; word++) {
            long bits = map.getLong(word * Long.BYTES);
            if (bits != 0) {
                into.addWord(word, bits);
                map.putLong(word * Long.BYTES, 0);
                found += Long.bitCount(bits);
            }
        }
        if (found != announced) {
            session.fail("the shim announced " + announced + " written pages, its map has " + found);
            throw new IllegalStateException("written pages unknown: announced " + announced + ", in the map " + found);
        }
    }

    @Override
    public String name() {
        return "wp-async";
    }

    @Override
    public void close() {
        closed = true;
    }
}
