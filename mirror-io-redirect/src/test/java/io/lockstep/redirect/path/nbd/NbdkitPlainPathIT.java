package io.lockstep.redirect.path.nbd;

import io.lockstep.redirect.path.BlockPath;
import io.lockstep.redirect.path.BlockPathContract;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;

/** nbdkit that can nearly nothing: simple replies, no FUA, no WRITE_ZEROES. */
class NbdkitPlainPathIT extends BlockPathContract {
    private NbdServerProcess server;

    @Override
    protected BlockPath path(Runnable wakeUp) throws IOException {
        server = NbdServerProcess.nbdkit("--no-sr", "--filter=nozero", "--filter=fua", "memory", "8M", "zeromode=none");
        return new NbdPath(NbdPathConfig.foreign("nbd", server.socket(), ""));
    }

    @AfterEach
    void stopServer() throws IOException {
        server.close();
    }
}
