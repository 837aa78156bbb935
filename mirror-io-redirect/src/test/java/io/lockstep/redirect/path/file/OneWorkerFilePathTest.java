package io.lockstep.redirect.path.file;

import io.lockstep.redirect.path.BlockPathContract;
import io.lockstep.redirect.path.file.FilePathConfig.Direct;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** A file with room for one call at a time: everything else waits. */
class OneWorkerFilePathTest extends BlockPathContract {
    @TempDir
    Path directory;

    @Override
    protected FilePath path(Runnable wakeUp) throws Exception {
        Path disk = directory.resolve("disk");
        try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
            file.setLength(SIZE);
        }
        return new FilePath(new FilePathConfig("little", disk, false, Direct.NEVER, 512, 1, 1), wakeUp);
    }
}
