package io.lockstep.redirect.path.file;

import io.lockstep.redirect.path.BlockPathContract;
import io.lockstep.redirect.path.file.FilePathConfig.Direct;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** A file around the page cache, where the file system can. */
class DirectFilePathTest extends BlockPathContract {
    @TempDir
    Path directory;

    @Override
    protected FilePath path(Runnable wakeUp) throws Exception {
        Path disk = directory.resolve("disk");
        try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
            file.setLength(SIZE);
        }
        return new FilePath(FilePathConfig.of("direct", disk, Direct.PREFER), wakeUp);
    }
}
