package io.lockstep.redirect.path.nbd;

import io.lockstep.redirect.path.BlockPath;
import io.lockstep.redirect.path.BlockPathContract;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** qemu-nbd over a sparse file. */
class QemuNbdPathIT extends BlockPathContract {
    @TempDir
    Path directory;

    private NbdServerProcess server;

    @Override
    protected BlockPath path(Runnable wakeUp) throws IOException {
        Path disk = directory.resolve("disk");
        try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
            file.setLength(SIZE);
        }
        server = NbdServerProcess.qemuNbd("-f", "raw", "--discard=unmap", "--detect-zeroes=off", disk.toString());
        return new NbdPath(NbdPathConfig.foreign("nbd", server.socket(), ""));
    }

    @AfterEach
    void stopServer() throws IOException {
        server.close();
    }
}
