package io.lockstep.redirect.path;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.block.IoBuffer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/** The stack's thread of a test: one path, a selector it waits in, and requests that are awaited with a deadline. */
public final class PathDriver implements AutoCloseable {
    private static final long DEADLINE_NS = 20_000_000_000L;
    private static final long TICK_MS = 5;

    private final BufferPool buffers = new BufferPool(256, 8, 2);
    private final Selector selector;
    private final BlockPath path;
    private final List<BlockRequest> ended = new ArrayList<>();
    private int nextId;

    /** Makes the path with what wakes this thread up. */
    public PathDriver(Function<Runnable, BlockPath> factory) {
        try {
            selector = Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        path = factory.apply(selector::wakeup);
    }

    public BlockPath path() {
        return path;
    }

    /** Opens the path and waits until that went well or not. */
    public BlockPath.Link open(long generation) {
        path.open(generation);
        await(() -> path.link() != BlockPath.Link.OPENING, "the path to open");
        return path.link();
    }

    public void opened() {
        assertEquals(BlockPath.Link.OPEN, open(1), path.trouble());
    }

    public IoBuffer buffer(int length) {
        return buffers.acquire(length);
    }

    /** A request that is not set. */
    public BlockRequest request() {
        return new BlockRequest(nextId++);
    }

    public void submit(BlockRequest request) {
        request.submitTo(path, ended::add);
    }

    /** Requests that have ended, in that order. */
    public List<BlockRequest> ended() {
        return ended;
    }

    public BlockFault finish(BlockRequest request) {
        submit(request);
        await(() -> ended.contains(request), request.toString());
        return request.fault();
    }

    public BlockFault write(long offset, byte[] bytes, boolean durable) {
        IoBuffer buffer = buffer(bytes.length);
        buffer.view().putBytes(0, bytes);
        BlockRequest request = request();
        request.write(offset, bytes.length, buffer, 0, durable);
        BlockFault fault = finish(request);
        buffer.release();
        return fault;
    }

    /** Reads and asserts that it went well. */
    public byte[] read(long offset, int length) {
        IoBuffer buffer = buffer(length);
        buffer.view().setMemory(0, length, (byte) 0x5a);
        BlockRequest request = request();
        request.read(offset, length, buffer, 0);
        assertEquals(BlockFault.NONE, finish(request), path.trouble());
        byte[] bytes = new byte[length];
        buffer.view().getBytes(0, bytes);
        buffer.release();
        return bytes;
    }

    /** Works and waits until the condition holds. */
    public void await(BooleanSupplier condition, String what) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            assertTrue(
                    System.nanoTime() - start < DEADLINE_NS,
                    () -> "waited in vain for " + what + "; " + path.trouble());
            turn();
        }
    }

    /** One turn of the loop of a stack's thread. */
    public void turn() {
        try {
            if (path.doWork(System.nanoTime()) == 0) {
                path.register(selector);
                selector.select(TICK_MS);
                selector.selectedKeys().clear();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Bytes that look like nothing else. */
    public static byte[] pattern(long seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    @Override
    public void close() {
        path.close();
        await(() -> path.outstanding() == 0, "what is outstanding");
        try {
            selector.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
