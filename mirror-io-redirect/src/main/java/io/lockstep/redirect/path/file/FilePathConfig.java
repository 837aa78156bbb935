package io.lockstep.redirect.path.file;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A file or block device as a path.
 *
 * @param name what people call the path
 * @param file a regular file or a block device, which exists and has its full size
 * @param readOnly true to open it for reading only
 * @param direct whether to go around the page cache
 * @param blockSize smallest unit of a request in bytes, a power of two from 1 to 64 KiB; the device's sector size if that is larger
 * @param workers most threads that call into the kernel at the same time, 1 to 64
 * @param maxIssued most requests handed to them, 1 to 4096; what is beyond waits and can be called back by an abandon
 */
public record FilePathConfig(
        String name, Path file, boolean readOnly, Direct direct, int blockSize, int workers, int maxIssued) {
    /** What most disks want. */
    public static final int DEFAULT_BLOCK_SIZE = 512;

    private static final int MAX_BLOCK_SIZE = 64 << 10;
    private static final int MAX_WORKERS = 64;
    private static final int MAX_ISSUED = 4096;
    private static final int DEFAULT_WORKERS = 16;
    private static final int DEFAULT_ISSUED = 128;

    /** Whether to go around the page cache (O_DIRECT). */
    public enum Direct {
        /** Refuse to open a file that cannot. */
        REQUIRE,
        /** If the file can, else not. */
        PREFER,
        /** Always through the page cache. */
        NEVER
    }

    /** Checks every value; the message has all that are wrong. */
    public FilePathConfig {
        List<String> wrong = new ArrayList<>();
        if (name == null || name.isBlank()) {
            wrong.add("name is missing");
        }
        if (file == null) {
            wrong.add("file is missing");
        }
        if (direct == null) {
            wrong.add("direct is missing: must be one of require, prefer, never");
        }
        if (Integer.bitCount(blockSize) != 1 || blockSize < 1 || blockSize > MAX_BLOCK_SIZE) {
            wrong.add("blockSize is " + blockSize + ": must be a power of two from 1 to " + MAX_BLOCK_SIZE);
        }
        requireRange(wrong, "workers", workers, MAX_WORKERS);
        requireRange(wrong, "maxIssued", maxIssued, MAX_ISSUED);
        if (!wrong.isEmpty()) {
            throw new IllegalArgumentException("file path " + name + ": " + String.join("; ", wrong));
        }
    }

    private static void requireRange(List<String> wrong, String key, int value, int most) {
        if (value < 1 || value > most) {
            wrong.add(key + " is " + value + ": must be from 1 to " + most);
        }
    }

    /** For reading and writing, with defaults for the rest. */
    public static FilePathConfig of(String name, Path file, Direct direct) {
        return new FilePathConfig(name, file, false, direct, DEFAULT_BLOCK_SIZE, DEFAULT_WORKERS, DEFAULT_ISSUED);
    }

    /** The same, for reading only. */
    public FilePathConfig asReadOnly() {
        return new FilePathConfig(name, file, true, direct, blockSize, workers, maxIssued);
    }
}
