package io.lockstep.host.config;

import io.lockstep.redirect.copies.MirrorConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A disk that is kept twice.
 *
 * @param mirror how
 * @param first the copy that is read while both are right
 * @param second the other one
 * @param verifyEveryNs how often they are compared, 0: never
 */
public record CopiesConfig(MirrorConfig mirror, One first, One second, long verifyEveryNs) {
    /**
     * One copy.
     *
     * @param name what people call it
     * @param log its region log
     * @param paths in order of preference
     * @param state where the generation is kept, if a path needs one
     */
    public record One(String name, Path log, List<NbdConfig.DiskPath> paths, Optional<Path> state) {
        /** Keeps its own list. */
        public One {
            paths = List.copyOf(paths);
        }
    }

    /** The first one or the second one: 0 or 1. */
    public One get(int index) {
        return index == 0 ? first : second;
    }
}
