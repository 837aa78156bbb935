package io.lockstep.nativeio;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import org.agrona.BufferUtil;

/** On which processors the calling thread may run. */
public final class CpuAffinity {
    private static final int MASK_BYTES = 1024;

    private CpuAffinity() {}

    /** Binds the calling thread to these processors, numbered from 0. */
    public static void set(BitSet cpus) throws IOException {
        if (cpus.isEmpty() || cpus.length() > MASK_BYTES * Byte.SIZE) {
            throw new IllegalArgumentException(
                    "processors " + cpus + ", not 1 to " + MASK_BYTES * Byte.SIZE + " of them");
        }
        ByteBuffer mask = ByteBuffer.allocateDirect(MASK_BYTES).order(ByteOrder.nativeOrder());
        mask.put(0, cpus.toByteArray());
        if (LibC.sched_setaffinity(0, MASK_BYTES, BufferUtil.address(mask)) != 0) {
            throw new NativeIoException("bind the thread to processors " + cpus, LibC.errno());
        }
    }

    /** The processors on which the calling thread may run. */
    public static BitSet current() throws IOException {
        ByteBuffer mask = ByteBuffer.allocateDirect(MASK_BYTES).order(ByteOrder.nativeOrder());
        if (LibC.sched_getaffinity(0, MASK_BYTES, BufferUtil.address(mask)) < 0) {
            throw new NativeIoException("read the thread's processors", LibC.errno());
        }
        return BitSet.valueOf(mask);
    }
}
