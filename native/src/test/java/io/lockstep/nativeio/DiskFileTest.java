package io.lockstep.nativeio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.agrona.BufferUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskFileTest {
    private static final int SIZE = 1 << 20;

    @TempDir
    Path directory;

    private final ByteBuffer memory = BufferUtil.allocateDirectAligned(8192, 4096);
    private final long address = BufferUtil.address(memory);

    @Test
    void shouldReadWhatWasWrittenAtAnOffset() throws Exception {
        try (DiskFile file = DiskFile.open(sparse(), false, false)) {
            assertEquals(SIZE, file.size());
            assertEquals(0, file.sectorSize());
            assertFalse(file.isReadOnlyDevice());
            memory.putLong(0, 42);
            assertEquals(512, file.write(address, 512, 4096));
            memory.putLong(0, 43);
            assertEquals(512, file.writeDurable(new IoVector(), address, 512, 8192));
            assertEquals(0, file.sync());
            assertEquals(512, file.read(address, 512, 4096));
            assertEquals(42, memory.getLong(0));
            assertEquals(512, file.read(address, 512, 8192));
            assertEquals(43, memory.getLong(0));
            assertEquals(0, file.read(address, 512, SIZE));
        }
    }

    @Test
    void shouldFindAndMakeHoles() throws Exception {
        try (DiskFile file = DiskFile.open(sparse(), false, false)) {
            assertEquals(-DiskFile.ENXIO, file.nextData(0));
            file.write(address, 4096, 65536);
            assertEquals(65536, file.nextData(0));
            assertEquals(65536 + 4096, file.nextHole(65536));
            assertEquals(0, file.punchHole(65536, 4096));
            assertEquals(-DiskFile.ENXIO, file.nextData(0));
        }
    }

    @Test
    void shouldReturnTheNumberOfAnError() throws Exception {
        String path = sparse();
        try (DiskFile file = DiskFile.open(path, true, false)) {
            long result = file.write(address, 512, 0);
            assertTrue(result < 0);
            assertTrue(DiskFile.describe(result).startsWith("EBADF"), DiskFile.describe(result));
        }
        NativeIoException gone =
                assertThrows(NativeIoException.class, () -> DiskFile.open(path + ".gone", false, true));
        assertTrue(gone.getMessage().contains(path + ".gone with O_DIRECT: ENOENT"), gone.getMessage());
    }

    private String sparse() throws Exception {
        Path file = directory.resolve("disk");
        try (var channel = new java.io.RandomAccessFile(Files.createFile(file).toFile(), "rw")) {
            channel.setLength(SIZE);
        }
        return file.toString();
    }
}
