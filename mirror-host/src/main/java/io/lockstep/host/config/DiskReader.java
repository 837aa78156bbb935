package io.lockstep.host.config;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads the disk of a guest. */
final class DiskReader {
    private final List<String> errors;
    private final int errorsBefore;
    private long bytes;
    private DiskConfig config;

    DiskReader(Section section, List<String> errors) {
        this.errors = errors;
        this.errorsBefore = errors.size();
        if (section.isPresent()) {
            read(section);
            section.rejectUnknown();
        }
    }

    private void read(Section section) {
        DiskConfig.Topology topology = section.choice("topology", DiskConfig.Topology.COPIES);
        section.required("size");
        bytes = section.size("size", "1m");
        if (bytes == 0) {
            errors.add(section.name("size") + " is '0': must be the size of the disk, the same on both hosts");
        }
        List<CopyPath> paths = new ArrayList<>();
        for (String text : section.texts("paths")) {
            CopyPath path = CopyPath.parse(text);
            if (path == null) {
                errors.add(section.name("paths") + " has '" + text + "': must be " + CopyPath.ALLOWED);
            } else {
                paths.add(path);
            }
        }
        String state = section.required("state-dir");
        long held = section.size("held", "64m");
        Optional<InetSocketAddress> serve = address(section, "serve");
        Optional<InetSocketAddress> partner = address(section, "partner");
        if (errors.size() > errorsBefore) {
            return;
        }
        try {
            config = new DiskConfig(topology, paths, Path.of(state), held, serve, partner);
        } catch (IllegalArgumentException e) {
            for (String error : e.getMessage().split("; ", -1)) {
                errors.add(section.name(error));
            }
        }
    }

    private static Optional<InetSocketAddress> address(Section section, String key) {
        return section.text(key, "").isEmpty() ? Optional.empty() : Optional.of(section.address(key));
    }

    /** Size of the disk, 0 for none. */
    long bytes() {
        return bytes;
    }

    /** True if there were errors. */
    boolean isBroken() {
        return errors.size() > errorsBefore;
    }

    Optional<DiskConfig> config() {
        return Optional.ofNullable(config);
    }
}
