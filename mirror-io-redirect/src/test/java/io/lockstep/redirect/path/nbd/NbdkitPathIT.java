package io.lockstep.redirect.path.nbd;

import io.lockstep.redirect.path.BlockPath;
import io.lockstep.redirect.path.BlockPathContract;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;

/** nbdkit with all it can. */
class NbdkitPathIT extends BlockPathContract {
    private NbdServerProcess server;

    @Override
    protected BlockPath path(Runnable wakeUp) throws IOException {
        server = NbdServerProcess.nbdkit("memory", "8M");
        return new NbdPath(NbdPathConfig.foreign("nbd", server.socket(), ""));
    }

    @AfterEach
    void stopServer() throws IOException {
        server.close();
    }
}
