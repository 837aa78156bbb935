package io.lockstep.nativeio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MappedMemoryTest {
    private static final int PAGE = MappedMemory.PAGE_SIZE;

    @TempDir
    Path directory;

    @Test
    void shouldShareAFileBetweenMappings() throws IOException {
        Path file = directory.resolve("ram");
        try (MappedMemory one = MappedMemory.createFile(file, 3 * PAGE);
                MappedMemory two = MappedMemory.openFile(file);
                MappedMemory three = MappedMemory.openFileReadOnly(file)) {
            buffer(one).putLong(2 * PAGE, 42);
            assertEquals(42, buffer(two).getLong(2 * PAGE));
            assertEquals(42, buffer(three).getLong(2 * PAGE));
            assertEquals(3 * PAGE, three.bytes());
        }
        assertTrue(Files.exists(file));
    }

    @Test
    void shouldMapMoreThanTwoGigabytes() throws IOException {
        long bytes = 3L << 30;
        try (MappedMemory memory = MappedMemory.anonymous(bytes)) {
            UnsafeBuffer last = new UnsafeBuffer(memory.address() + bytes - PAGE, PAGE);
            last.putLong(PAGE - Long.BYTES, 7);
            assertEquals(7, last.getLong(PAGE - Long.BYTES));
            memory.discard(bytes - PAGE, PAGE);
            assertEquals(0, last.getLong(PAGE - Long.BYTES));
        }
    }

    @Test
    void shouldNameFileAndSizesWhenThereIsNoSpace() {
        Path file = Path.of(
                "/dev/shm/mirror-test-too-large-" + ProcessHandle.current().pid());
        long bytes = 1L << 46;
        NativeIoException e = assertThrows(NativeIoException.class, () -> MappedMemory.createFile(file, bytes));
        assertEquals(Errno.ENOSPC, e.errno(), e.getMessage());
        assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
        assertTrue(e.getMessage().contains(bytes + " bytes"), e.getMessage());
        assertTrue(e.getMessage().contains("bytes free"), e.getMessage());
        assertTrue(e.getMessage().contains("ENOSPC"), e.getMessage());
        assertFalse(Files.exists(file));
    }

    @Test
    void shouldNotTouchAnExistingFile() throws IOException {
        Path file = Files.writeString(directory.resolve("precious"), "data");
        IOException e = assertThrows(IOException.class, () -> MappedMemory.createFile(file, PAGE));
        assertTrue(e.getMessage().contains("EEXIST"), e.getMessage());
        assertEquals("data", Files.readString(file));
    }

    @Test
    void shouldCompareMemory() throws IOException {
        try (MappedMemory memory = MappedMemory.anonymous(2 * PAGE)) {
            assertTrue(MappedMemory.equal(memory.address(), memory.address() + PAGE, PAGE));
            buffer(memory).putByte(2 * PAGE - 1, (byte) 1);
            assertFalse(MappedMemory.equal(memory.address(), memory.address() + PAGE, PAGE));
        }
    }

    @Test
    void shouldRefuseOddSizes() {
        assertThrows(IllegalArgumentException.class, () -> MappedMemory.anonymous(PAGE + 1));
        assertThrows(IllegalArgumentException.class, () -> MappedMemory.anonymous(0));
    }

    @Test
    void shouldRefuseUseAfterClose() throws IOException {
        MappedMemory memory = MappedMemory.anonymous(PAGE);
        memory.close();
        memory.close();
        assertThrows(IllegalStateException.class, memory::address);
    }

    /** A hole makes the call fail at once, whoever calls: a size beyond the machine's would be tried by root. */
    @Test
    void shouldLockOrNameTheLimit() throws IOException {
        try (MappedMemory good = MappedMemory.anonymous(PAGE);
                MappedMemory holed = MappedMemory.anonymous(3 * PAGE)) {
            good.lock();
            LibC.munmap(holed.address() + PAGE, PAGE);
            NativeIoException e = assertThrows(NativeIoException.class, holed::lock);
            assertTrue(e.getMessage().contains("RLIMIT_MEMLOCK"), e.getMessage());
        }
    }

    private static UnsafeBuffer buffer(MappedMemory memory) {
        return new UnsafeBuffer(memory.address(), (int) memory.bytes());
    }
}
