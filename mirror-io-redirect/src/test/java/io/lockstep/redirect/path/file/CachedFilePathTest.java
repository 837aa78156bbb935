package io.lockstep.redirect.path.file;

import io.lockstep.redirect.path.BlockPathContract;
import io.lockstep.redirect.path.file.FilePathConfig.Direct;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** A file through the page cache. */
class CachedFilePathTest extends BlockPathContract {
    @TempDir
    Path directory;

    @Override
    protected FilePath path(Runnable wakeUp) throws Exception {
        Path disk = directory.resolve("disk");
        try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
            file.setLength(SIZE);
        }
        return new FilePath(FilePathConfig.of("cached", disk, Direct.NEVER), wakeUp);
    }
}
