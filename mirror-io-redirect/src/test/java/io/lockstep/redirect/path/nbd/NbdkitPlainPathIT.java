package io.lockstep.redirect.path.nbd;

import io.lockstep.redirect.path.BlockPath;
import io.lockstep.redirect.path.BlockPathContract;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;

/** nbdkit that can nearly nothing: simple replies, no FUA, no WRITE_ZEROES, no TRIM. */
class NbdkitPlainPathIT extends BlockPathContract {
    private NbdServerProcess server;

    @Override
    protected BlockPath path(Runnable wakeUp) throws IOException {
        server = NbdServerProcess.nbdkit(
                "--no-sr",
                "--filter=nozero",
                "--filter=fua",
                "--filter=nofilter",
                "memory",
                "8M",
                "zeromode=none",
                "fuamode=none");
        return new NbdPath(NbdPathConfig.foreign("nbd", server.socket(), ""));
    }

    @AfterEach
    void stopServer() throws IOException {
        server.close();
    }
}
