package io.lockstep.host.drill;

import io.lockstep.host.rig.PairConfig;
import io.lockstep.host.rig.PairRig;
import io.lockstep.host.rig.RigException;
import io.lockstep.host.rig.Side;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Keeps the pair that is up. A scenario that wants the same set-up gets it again if it is whole: booting a guest costs more than most
 * scenarios do, and a pair that has been through several failures is the better test.
 */
final class Pairs implements AutoCloseable {
    private static final Duration BOOT_LIMIT = Duration.ofSeconds(90);
    private static final Duration PROTECT_LIMIT = Duration.ofSeconds(60);

    private final Path directory;
    private final Path guestDir;
    private int opened;
    private PairConfig config;
    private PairRig rig;
    private boolean closed;

    Pairs(Path directory, Path guestDir) {
        this.directory = directory;
        this.guestDir = guestDir;
    }

    /** The set-up that most scenarios start from; its directory is replaced for each pair. */
    PairConfig standard() {
        return PairConfig.standard(directory, guestDir).withGuestMemory("128m");
    }

    /** A pair whose guest is protected. */
    PairRig whole(PairConfig wanted) throws RigException {
        if (rig != null && wanted.equals(config) && isWhole()) {
            return rig;
        }
        PairRig fresh = open(wanted);
        fresh.startBoth();
        fresh.awaitGuest(BOOT_LIMIT);
        fresh.awaitProtected(PROTECT_LIMIT);
        return fresh;
    }

    private boolean isWhole() throws RigException {
        if (!rig.status(Side.A).isPresent() || !rig.status(Side.B).isPresent()) {
            return false;
        }
        try {
            rig.awaitProtected(Duration.ofSeconds(10));
            return true;
        } catch (RigException e) {
            return false;
        }
    }

    /** A pair with nothing started. */
    PairRig open(PairConfig wanted) throws RigException {
        drop();
        PairRig fresh = PairRig.open(wanted.withDirectory(directory.resolve("pair-" + ++opened)));
        synchronized (this) {
            if (closed) {
                fresh.close();
                throw new RigException("stopped");
            }
            rig = fresh;
            config = wanted;
        }
        return fresh;
    }

    /** The pair that is up, null if there is none. */
    synchronized PairRig current() {
        return rig;
    }

    /** Ends the pair that is up; the next scenario gets a fresh one. */
    synchronized void drop() {
        if (rig != null) {
            rig.close();
            rig = null;
            config = null;
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        drop();
    }
}
