package io.lockstep.host.disk;

import io.lockstep.host.config.CopyPath;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.path.BlockPath;
import io.lockstep.redirect.path.file.FilePath;
import io.lockstep.redirect.path.file.FilePathConfig;
import io.lockstep.redirect.path.nbd.NbdPath;
import io.lockstep.redirect.path.nbd.NbdPathConfig;
import io.lockstep.redirect.route.DeviceState;
import io.lockstep.redirect.route.RedirectConfig;
import io.lockstep.redirect.route.RedirectDevice;
import io.lockstep.redirect.route.RedirectListener;
import io.lockstep.redirect.route.RedirectStatus;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayList;
import java.util.List;

/** This host's ways to its copy, with deadlines and a switch between them. */
final class HomePaths {
    private static final int SMALL_BUFFERS = 256;
    private static final int MEDIUM_BUFFERS = 32;
    private static final long WAIT_NS = 30_000_000_000L;
    /** Opening a path that stands still takes seconds; the other copy is there at once. */
    private static final long WAIT_ELSEWHERE_NS = 200_000_000L;

    private final RedirectDevice device;

    /**
     * Starts to open them.
     *
     * @param elsewhere true if there is another copy to go on with: then errors come back at once, otherwise requests wait for a path
     * @param wakeUp makes the stack's thread look for work
     */
    HomePaths(DiskSettings settings, boolean elsewhere, Runnable wakeUp, RedirectListener listener) {
        List<BlockPath> paths = new ArrayList<>();
        for (CopyPath path : settings.config().paths()) {
            paths.add(open(path, wakeUp));
        }
        RedirectConfig.NoPath patience = new RedirectConfig.NoPath(!elsewhere, elsewhere ? WAIT_ELSEWHERE_NS : WAIT_NS);
        BufferPool buffers = new BufferPool(SMALL_BUFFERS, MEDIUM_BUFFERS, 1);
        device = new RedirectDevice(
                paths, RedirectConfig.DEFAULT.withNoPath(patience), new NoGenerations(), buffers, listener);
    }

    private static BlockPath open(CopyPath path, Runnable wakeUp) {
        if (path.isNbd()) {
            return new NbdPath(
                    NbdPathConfig.foreign(path.text(), UnixDomainSocketAddress.of(path.file()), path.export()));
        }
        return new FilePath(FilePathConfig.of(path.text(), path.file(), FilePathConfig.Direct.PREFER), wakeUp);
    }

    RedirectDevice device() {
        return device;
    }

    RedirectStatus status() {
        return device.status();
    }

    /** True once the device can be asked what it looks like. */
    boolean isOpen() {
        return device.status().state() == DeviceState.SERVING;
    }

    /** Why no path could be opened, as far as is known. */
    String trouble() {
        StringBuilder text = new StringBuilder(device.status().reason());
        for (RedirectStatus.Path path : device.status().paths()) {
            text.append("; ").append(path.name()).append(": ").append(path.reason());
        }
        return text.toString();
    }

    /** Why what was opened is not the disk that is wanted; empty if it is. */
    String unfit(DiskSettings settings) {
        BlockGeometry found = device.geometry();
        if (found.readOnly()) {
            return settings.config().paths() + " can only be read";
        }
        if (found.sizeBytes() != settings.bytes()) {
            return settings.config().paths() + " has " + found.sizeBytes() + " bytes, the guest's disk "
                    + settings.bytes() + ": must be equal";
        }
        return "";
    }
}
