package io.lockstep.nativeio;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.agrona.BufferUtil;

/**
 * Memory for one {@code struct iovec}, so that calls that want one allocate nothing.
 *
 * <p>Threading: one thread.
 */
public final class IoVector {
    private final ByteBuffer memory = ByteBuffer.allocateDirect(2 * Long.BYTES).order(ByteOrder.nativeOrder());
    private final long address = BufferUtil.address(memory);

    void set(long base, long length) {
        memory.putLong(0, base).putLong(Long.BYTES, length);
    }

    long address() {
        return address;
    }
}
