package io.lockstep.hypervisor.qemu;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;

/** A non-blocking channel whose far end is the test: each read returns at most one chunk, writes take at most the given room. */
final class ScriptedChannel implements ByteChannel {
    private final ArrayDeque<byte[]> inbound = new ArrayDeque<>();
    private final ByteArrayOutputStream outbound = new ByteArrayOutputStream();
    private boolean ended;
    private boolean open = true;
    private int room = Integer.MAX_VALUE;
    private int writes;

    void arrive(byte[] chunk) {
        inbound.add(chunk.clone());
    }

    void arrive(String text) {
        arrive(text.getBytes(StandardCharsets.UTF_8));
    }

    void end() {
        ended = true;
    }

    void room(int bytes) {
        room = bytes;
    }

    int writes() {
        return writes;
    }

    byte[] sent() {
        return outbound.toByteArray();
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        requireOpen();
        byte[] chunk = inbound.poll();
        if (chunk == null) {
            return ended ? -1 : 0;
        }
        int count = Math.min(chunk.length, target.remaining());
        target.put(chunk, 0, count);
        if (count < chunk.length) {
            inbound.addFirst(java.util.Arrays.copyOfRange(chunk, count, chunk.length));
        }
        return count;
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
        requireOpen();
        writes++;
        int count = Math.min(room, source.remaining());
        for (int i = 0; i < count; i++) {
            outbound.write(source.get());
        }
        room -= count;
        return count;
    }

    private void requireOpen() throws IOException {
        if (!open) {
            throw new java.nio.channels.ClosedChannelException();
        }
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void close() {
        open = false;
    }
}
