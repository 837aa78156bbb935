package io.lockstep.redirect.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BlockVerb;
import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.block.IoBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AlignDeviceTest {
    private static final int SIZE = 1 << 20;
    private static final int DEPTH = 24;

    private final BufferPool pool = new BufferPool(DEPTH, 4, 2);

    /** One request at a time, any shape, any device: the result is that of a plain array. */
    @Test
    void shouldTakeAnyShapeForAnyDevice() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int[][] shapes = {{512, 8192}, {4096, 4096}, {4096, 32 << 20}, {65_536, 65_536}, {1, 4096}};
        for (int[] shape : shapes) {
            MemoryDevice disk = new MemoryDevice(new BlockGeometry(
                    SIZE, shape[0], Math.max(512, shape[0]), shape[1], false, true, random.nextBoolean()));
            AlignDevice device = new AlignDevice(disk, DEPTH);
            byte[] model = new byte[SIZE];
            for (int i = 0; i < 400; i++) {
                disk.inTurns = random.nextBoolean();
                one(device, model, random, "seed " + seed + ", step " + i + ", blocks of " + shape[0]);
            }
        }
    }

    private void one(AlignDevice device, byte[] model, Random random, String where) {
        int length = 1 + random.nextInt(random.nextBoolean() ? 5_000 : 200_000);
        int at = random.nextInt(SIZE - length);
        IoBuffer buffer = pool.acquire(length);
        BlockRequest request = new BlockRequest(0);
        int kind = random.nextInt(4);
        switch (kind) {
            case 0 -> request.read(at, length, buffer, 0);
            case 1 -> {
                for (int i = 0; i < length; i++) {
                    model[at + i] = (byte) random.nextInt();
                    buffer.view().putByte(i, model[at + i]);
                }
                request.write(at, length, buffer, 0, random.nextBoolean());
            }
            case 2 -> {
                java.util.Arrays.fill(model, at, at + length, (byte) 0);
                request.writeZeroes(at, length, false, random.nextBoolean(), false);
            }
            default -> request.status(at, length);
        }
        boolean[] done = new boolean[1];
        request.submitTo(device, ended -> done[0] = true);
        while (!done[0]) {
            assertTrue(device.doWork(0) > 0, where + ": stuck with " + request);
        }
        assertEquals(BlockFault.NONE, request.fault(), where);
        if (kind == 0) {
            for (int i = 0; i < length; i++) {
                assertEquals(model[at + i], buffer.view().getByte(i), where + ": byte " + i + " of " + request);
            }
        }
        if (kind > 2) {
            assertTrue(request.extentLength() >= 1 && request.extentLength() <= length, where);
            for (int i = 0; i < request.extentLength() && request.extentZero(); i++) {
                assertEquals(0, model[at + i], where + ": not zero at " + (at + i) + ", " + request);
            }
        }
        buffer.release();
    }

    /** Many writes under way that share blocks: no byte of any of them is lost. */
    @Test
    void shouldLoseNoByteWhenNeighboursShareABlock() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        MemoryDevice disk = new MemoryDevice(SIZE, 4096, 32 << 20);
        disk.inTurns = true;
        AlignDevice device = new AlignDevice(disk, DEPTH);
        int[] done = new int[1];
        for (int round = 0; round < 200; round++) {
            List<IoBuffer> buffers = new ArrayList<>();
            byte[] model = new byte[64 << 10];
            disk.bytes.getBytes(0, model);
            // Disjoint neighbours, in random order, mostly not on the borders of blocks.
            List<int[]> pieces = new ArrayList<>();
            for (int at = random.nextInt(600); at < model.length - 5_000 && pieces.size() < DEPTH; ) {
                int length = random.nextInt(4) == 0 ? Math.max(1, 4096 - at % 4096) : 1 + random.nextInt(5_000);
                pieces.add(new int[] {at, length});
                at += length;
            }
            java.util.Collections.shuffle(pieces, random);
            done[0] = 0;
            for (int[] piece : pieces) {
                IoBuffer buffer = pool.acquire(piece[1]);
                buffers.add(buffer);
                byte[] bytes = new byte[piece[1]];
                random.nextBytes(bytes);
                buffer.view().putBytes(0, bytes);
                System.arraycopy(bytes, 0, model, piece[0], bytes.length);
                BlockRequest request = new BlockRequest(0);
                request.write(piece[0], piece[1], buffer, 0, false);
                request.submitTo(device, ended -> done[0]++);
            }
            while (done[0] < pieces.size()) {
                assertTrue(device.doWork(0) > 0, "seed " + seed + ": stuck");
            }
            buffers.forEach(IoBuffer::release);
            for (int i = 0; i < model.length; i++) {
                assertEquals(model[i], disk.bytes.getByte(i), "seed " + seed + ", round " + round + ", byte " + i);
            }
        }
    }

    @Test
    void shouldPassWholeBlocksOnAndRoundDiscardsInwards() {
        MemoryDevice disk = new MemoryDevice(SIZE, 4096, 32 << 20);
        disk.remember = true;
        AlignDevice device = new AlignDevice(disk, DEPTH);
        IoBuffer buffer = pool.acquire(8192);
        BlockRequest request = new BlockRequest(0);
        request.write(4096, 8192, buffer, 0, true);
        request.submitTo(device, ended -> {});
        assertEquals(List.of(BlockVerb.WRITE), disk.seen);
        request.discard(1, 8190, false);
        request.submitTo(device, ended -> {});
        assertEquals(List.of(BlockVerb.WRITE), disk.seen);
        request.discard(1, 8191, false);
        request.submitTo(device, ended -> {});
        assertEquals(List.of(BlockVerb.WRITE, BlockVerb.DISCARD), disk.seen);
        request.write(1, 1, buffer, 0, false);
        request.submitTo(device, ended -> {});
        assertEquals(List.of(BlockVerb.WRITE, BlockVerb.DISCARD, BlockVerb.READ, BlockVerb.WRITE), disk.seen);
    }

    @Test
    void shouldReportAFaultOnceAndStop() {
        MemoryDevice disk = new MemoryDevice(SIZE, 4096, 32 << 20);
        disk.fault = BlockFault.IO;
        disk.remember = true;
        AlignDevice device = new AlignDevice(disk, 1);
        IoBuffer buffer = pool.acquire(8192);
        BlockRequest request = new BlockRequest(0);
        for (int i = 0; i < 3; i++) {
            request.write(1, 8000, buffer, 0, true);
            request.submitTo(device, ended -> {});
            assertEquals(BlockFault.IO, request.fault());
        }
        assertEquals(List.of(BlockVerb.READ, BlockVerb.READ, BlockVerb.READ), disk.seen);
        BlockGeometry slow = new BlockGeometry(SIZE, 4096, 4096, 4096, false, true, false);
        AlignDevice slowZeroes = new AlignDevice(new MemoryDevice(slow), 1);
        request.writeZeroes(1, 100, false, false, true);
        request.submitTo(slowZeroes, ended -> {});
        assertEquals(BlockFault.NOT_SUPPORTED, request.fault());
    }
}
