package io.lockstep.host.nbd;

import io.lockstep.host.config.NbdConfig;
import io.lockstep.redirect.block.BlockDevice;
import java.io.IOException;
import java.util.function.Consumer;

/**
 * The disk that a configuration describes, as a stack of layers.
 *
 * <p>Threading: the stack's thread.
 */
interface DiskStack extends BlockDevice {
    /** Starts to open it; {@code wakeUp} is called from other threads. */
    static DiskStack of(NbdConfig config, Runnable wakeUp, Consumer<String> log) throws IOException {
        return config.copies().isPresent()
                ? new CopyPair(config, wakeUp, log)
                : new PathStack(config.paths(), config.state(), config.redirect(), true, wakeUp, log);
    }

    /**
     * True once it can be served.
     *
     * @throws IOException if what was opened must not be served
     */
    boolean isKnown() throws IOException;

    /**
     * Called when it takes too long to open everything: true if it can be served without the rest.
     *
     * @throws IOException if it must not
     */
    default boolean goWithout() throws IOException {
        return false;
    }

    /** Why no path is open, path by path. */
    String trouble();

    /** True if it cannot be opened any more. */
    default boolean hasFailed() {
        return false;
    }

    /** What it is made of, and how that is. */
    String describe();
}
