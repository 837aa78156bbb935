package io.lockstep.nativeio;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.agrona.BufferUtil;

/** The name by which the kernel's tools know a thread. */
public final class ThreadName {
    private static final int MAX_BYTES = 15;

    private ThreadName() {}

    /** Names the calling thread; the kernel keeps the first 15 bytes. */
    public static void set(String name) {
        byte[] bytes = Arrays.copyOf(name.getBytes(StandardCharsets.UTF_8), MAX_BYTES + 1);
        bytes[MAX_BYTES] = 0;
        ByteBuffer buffer = ByteBuffer.allocateDirect(bytes.length).put(bytes);
        LibC.prctl(LibC.PR_SET_NAME, BufferUtil.address(buffer), 0, 0, 0);
    }
}
