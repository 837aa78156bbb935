package io.lockstep.host.nbd;

import io.lockstep.host.config.NbdConfig;
import io.lockstep.redirect.block.BlockDevice;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.path.BlockPath;
import io.lockstep.redirect.path.file.FilePath;
import io.lockstep.redirect.path.iscsi.IscsiPath;
import io.lockstep.redirect.path.nbd.NbdPath;
import io.lockstep.redirect.route.DeviceState;
import io.lockstep.redirect.route.PathState;
import io.lockstep.redirect.route.RedirectConfig;
import io.lockstep.redirect.route.RedirectDevice;
import io.lockstep.redirect.route.RedirectListener;
import io.lockstep.redirect.route.Reroute;
import java.io.IOException;
import java.nio.channels.Selector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * One copy of a disk with all the ways that lead to it. One file by itself may be served as it is; everything else goes through a
 * {@link RedirectDevice}, which opens a path again that failed.
 *
 * <p>Threading: the stack's thread. {@code wakeUp} is called from others.
 */
final class PathStack implements DiskStack {
    private final List<NbdConfig.DiskPath> configs;
    private final BlockDevice top;
    private final List<BlockPath> paths = new ArrayList<>();
    private final GenerationFile generations;
    private boolean known;

    /**
     * Starts to open the paths.
     *
     * @param state where the generation is kept, if it has to be
     * @param bare true if one file by itself needs no layer above
     */
    PathStack(
            List<NbdConfig.DiskPath> configs,
            Optional<Path> state,
            RedirectConfig redirect,
            boolean bare,
            Runnable wakeUp,
            Consumer<String> log)
            throws IOException {
        this.configs = configs;
        for (NbdConfig.DiskPath path : configs) {
            paths.add(make(path, wakeUp));
        }
        generations = state.isPresent() ? new GenerationFile(state.get(), wakeUp) : null;
        if (bare && paths.size() == 1 && paths.get(0) instanceof FilePath) {
            top = paths.get(0);
            paths.get(0).open(1);
        } else {
            top = new RedirectDevice(
                    paths,
                    redirect,
                    generations == null ? new ForeignOnly() : generations,
                    new BufferPool(128, 16, 1),
                    new Log(log));
        }
    }

    private static BlockPath make(NbdConfig.DiskPath path, Runnable wakeUp) {
        if (path instanceof NbdConfig.DiskPath.File file) {
            return new FilePath(file.config(), wakeUp);
        }
        return path instanceof NbdConfig.DiskPath.Iscsi iscsi
                ? new IscsiPath(iscsi.config(), wakeUp)
                : new NbdPath(((NbdConfig.DiskPath.Nbd) path).config());
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

    @Override
    public boolean isKnown() {
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

    @Override
    public String trouble() {
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

    @Override
    public boolean hasFailed() {
        return paths.size() == 1 && top == paths.get(0) && paths.get(0).link() == BlockPath.Link.BROKEN;
    }

    @Override
    public String describe() {
        StringBuilder text = new StringBuilder("path ");
        for (BlockPath path : paths) {
            text.append(path == paths.get(0) ? "" : ", ").append(path.name());
        }
        return text.toString();
    }

    /** The places that the paths lead to, so that the same place is found under another name. */
    Set<String> places() {
        Set<String> places = new LinkedHashSet<>();
        configs.forEach(path -> places.add(place(path)));
        return places;
    }

    private static String place(NbdConfig.DiskPath path) {
        if (path instanceof NbdConfig.DiskPath.Nbd nbd) {
            return "nbd " + nbd.config().server() + "/" + nbd.config().export();
        }
        if (path instanceof NbdConfig.DiskPath.Iscsi iscsi) {
            return "iscsi " + iscsi.config().target() + "/" + iscsi.config().lun();
        }
        Path file = ((NbdConfig.DiskPath.File) path).config().file();
        try {
            Map<String, Object> found = Files.readAttributes(file, "unix:rdev,dev,ino");
            long device = ((Number) found.get("rdev")).longValue();
            return device != 0 ? "device " + device : "file " + found.get("dev") + "/" + found.get("ino");
        } catch (IOException e) {
            return "file " + file.toAbsolutePath().normalize(); // it cannot be reached, so it is told by its name
        }
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
