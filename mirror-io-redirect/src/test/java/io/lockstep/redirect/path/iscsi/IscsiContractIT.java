package io.lockstep.redirect.path.iscsi;

import io.lockstep.redirect.path.BlockPath;
import io.lockstep.redirect.path.BlockPathContract;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** Needs root and tgtd. */
class IscsiContractIT extends BlockPathContract {
    @TempDir
    Path directory;

    private IscsiTarget target;

    @Override
    protected BlockPath path(Runnable wakeUp) throws Exception {
        target = new IscsiTarget(directory, SIZE);
        return new IscsiPath(target.path(1), wakeUp);
    }

    @AfterEach
    void stopTarget() {
        target.close();
    }
}
