package io.lockstep.host.config;

import io.lockstep.redirect.nbd.NbdServerConfig;
import io.lockstep.redirect.path.file.FilePathConfig;
import io.lockstep.redirect.path.iscsi.IscsiPathConfig;
import io.lockstep.redirect.path.nbd.NbdPathConfig;
import io.lockstep.redirect.route.RedirectConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What {@code mirror nbd} serves: one disk, which several paths may lead to.
 *
 * @param server where it listens, and what clients may use
 * @param export its name
 * @param readOnly true if clients may only read
 * @param paths in order of preference, at least one; none if there are copies, which have their own
 * @param redirect how the disk moves from one path to another
 * @param state where the generation is kept; present if a path needs one: there are several, or it is a partner
 * @param openTimeoutNs how long the first path may take to open
 * @param copies present if the disk is kept twice
 * @param partners where the highest generation that opened the export is kept; present if only partners may open it
 */
public record NbdConfig(
        NbdServerConfig server,
        String export,
        boolean readOnly,
        List<DiskPath> paths,
        RedirectConfig redirect,
        Optional<Path> state,
        long openTimeoutNs,
        Optional<CopiesConfig> copies,
        Optional<Path> partners) {
    /** One way to the disk. */
    public sealed interface DiskPath {
        /** The name it is known by. */
        String name();

        /** A file or block device. */
        record File(FilePathConfig config) implements DiskPath {
            @Override
            public String name() {
                return config.name();
            }
        }

        /** A logical unit of an iSCSI target. */
        record Iscsi(IscsiPathConfig config) implements DiskPath {
            @Override
            public String name() {
                return config.name();
            }
        }

        /** An NBD server. */
        record Nbd(NbdPathConfig config) implements DiskPath {
            @Override
            public String name() {
                return config.name();
            }
        }
    }

    /** Keeps its own list. */
    public NbdConfig {
        paths = List.copyOf(paths);
    }
}
