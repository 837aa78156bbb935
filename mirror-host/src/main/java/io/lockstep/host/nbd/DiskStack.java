package io.lockstep.host.nbd;

import io.lockstep.host.config.NbdConfig;
import io.lockstep.redirect.block.BlockDevice;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.path.BlockPath;
import io.lockstep.redirect.path.file.FilePath;
import io.lockstep.redirect.path.nbd.NbdPath;
import io.lockstep.redirect.route.DeviceState;
import io.lockstep.redirect.route.PathState;
import io.lockstep.redirect.route.RedirectDevice;
import io.lockstep.redirect.route.RedirectListener;
import io.lockstep.redirect.route.Reroute;
import java.io.IOException;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The disk that a configuration describes, as a stack of layers. One file by itself is served as it is; everything else goes through a
 * {@link RedirectDevice}, which opens a path again that failed.
 *
 * <p>Threading: the stack's thread. {@code wakeUp} is called from others.
 */
final class DiskStack implements BlockDevice {
    private final BlockDevice top;
    private final List<BlockPath> paths = new ArrayList<>();
    private final GenerationFile generations;
    private boolean known;

    /** Starts to open the paths. */
    DiskStack(NbdConfig config, Runnable wakeUp, Consumer<String> log) throws IOException {
        for (NbdConfig.DiskPath path : config.paths()) {
            paths.add(
                    path instanceof NbdConfig.DiskPath.File file
                            ? new FilePath(file.config(), wakeUp)
                            : new NbdPath(((NbdConfig.DiskPath.Nbd) path).config()));
        }
        generations =
                config.state().isPresent() ? new GenerationFile(config.state().get(), wakeUp) : null;
        boolean alone = paths.size() == 1 && paths.get(0) instanceof FilePath;
        if (alone) {
            top = paths.get(0);
            paths.get(0).open(1);
        } else {
            top = new RedirectDevice(
                    paths,
                    config.redirect(),
                    generations == null ? new ForeignOnly() : generations,
                    new BufferPool(128, 16, 1),
                    new Log(log));
        }
    }

    /** A single server that knows no generations: the number means nothing. */
    private static final class ForeignOnly implements io.lockstep.redirect.path.GenerationStore {
        @Override
        public long highest() {
            return 0;
        }

        @Override
        public void persist(long generation, Outcome outcome) {
            outcome.onPersisted("");
        }
    }

    private record Log(Consumer<String> log) implements RedirectListener {
        @Override
        public void onState(DeviceState from, DeviceState to, String reason) {
            log.accept("disk: " + from + " -> " + to + " (" + reason + ")");
        }

        @Override
        public void onPath(String path, PathState from, PathState to, String reason) {
            log.accept("path " + path + ": " + from + " -> " + to + " (" + reason + ")");
        }

        @Override
        public void onReroute(Reroute receipt) {
            log.accept("rerouted: " + receipt);
        }
    }

    /** True once the disk's geometry is known. */
    boolean isKnown() {
        for (int i = 0; i < paths.size() && !known; i++) {
            known = paths.get(i).link() == BlockPath.Link.OPEN && hasGeometry();
        }
        return known;
    }

    private boolean hasGeometry() {
        try {
            return top.geometry() != null;
        } catch (IllegalStateException e) {
            return false; // the layer above the path has not looked at it yet
        }
    }

    /** Why no path is open, path by path. */
    String trouble() {
        StringBuilder text = new StringBuilder();
        for (BlockPath path : paths) {
            text.append(text.isEmpty() ? "" : "; ")
                    .append("path ")
                    .append(path.name())
                    .append(" is ");
            text.append(path.link());
            if (!path.trouble().isEmpty()) {
                text.append(": ").append(path.trouble());
            }
        }
        return text.toString();
    }

    /** True if the only path has failed for good. */
    boolean hasFailed() {
        return paths.size() == 1 && top == paths.get(0) && paths.get(0).link() == BlockPath.Link.BROKEN;
    }

    @Override
    public BlockGeometry geometry() {
        return top.geometry();
    }

    @Override
    public void submit(BlockRequest request) {
        request.passTo(top);
    }

    @Override
    public int doWork(long nowNs) {
        return top.doWork(nowNs) + (generations == null ? 0 : generations.doWork());
    }

    @Override
    public void register(Selector selector) {
        top.register(selector);
    }

    @Override
    public long maxIdleNs() {
        return top.maxIdleNs();
    }

    @Override
    public void close() {
        top.close();
        if (generations != null) {
            generations.close();
        }
    }
}
