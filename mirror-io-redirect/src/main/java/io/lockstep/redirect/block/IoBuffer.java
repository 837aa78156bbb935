package io.lockstep.redirect.block;

import java.nio.ByteBuffer;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Off-heap bytes on a 4 KiB boundary, with a count of those who still use them. Whoever hands a buffer to a call that may outlive its
 * request (a write stuck in a failed path) holds a reference until that call has returned: the quarantine of architecture section 7.
 *
 * <p>Threading: the stack's thread counts; other threads may read or write the bytes while somebody holds a reference for them.
 */
public final class IoBuffer {
    /** Alignment that O_DIRECT accepts everywhere. */
    public static final int ALIGNMENT = 4096;

    private final BufferPool pool;
    private final ByteBuffer bytes;
    private final UnsafeBuffer view;
    private int references;

    IoBuffer(BufferPool pool, int capacity) {
        this.pool = pool;
        this.bytes = BufferUtil.allocateDirectAligned(capacity, ALIGNMENT);
        this.view = new UnsafeBuffer(bytes);
    }

    /** Bytes there are. */
    public int capacity() {
        return bytes.capacity();
    }

    /** The bytes for a channel. Position and limit are the caller's to set, on the stack's thread. */
    public ByteBuffer bytes() {
        return bytes;
    }

    /** The bytes for everything else. */
    public UnsafeBuffer view() {
        return view;
    }

    /** One more user. */
    public void retain() {
        if (references == 0) {
            throw new IllegalStateException("a buffer is retained that was given back");
        }
        references++;
    }

    /** One user less; the last one gives the buffer back. */
    public void release() {
        if (references == 0) {
            throw new IllegalStateException("a buffer is given back twice");
        }
        references--;
        if (references == 0) {
            pool.giveBack(this);
        }
    }

    void lend() {
        references = 1;
        bytes.clear();
    }
}
