package io.lockstep.host.config;

import io.lockstep.redirect.path.file.FilePathConfig;
import io.lockstep.redirect.path.iscsi.IscsiPathConfig;
import io.lockstep.redirect.path.nbd.NbdPathConfig;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Reads the paths to one place, and where their generation is kept. */
final class DiskPathReader {
    private static final long NS_PER_MS = 1_000_000;

    /**
     * Paths that lead to the same bytes.
     *
     * @param paths in order of preference
     * @param state where the generation is kept, if one of them needs one
     */
    record Ways(List<NbdConfig.DiskPath> paths, Optional<Path> state) {
        static final Ways NONE = new Ways(List.of(), Optional.empty());
    }

    private final List<String> errors;

    DiskPathReader(List<String> errors) {
        this.errors = errors;
    }

    /** {@code parent} has the keys {@code paths} and {@code state}. */
    Ways read(Section parent, boolean readOnly) {
        List<NbdConfig.DiskPath> paths = new ArrayList<>();
        Set<String> names = new HashSet<>();
        Set<Integer> pathKeys = new HashSet<>();
        List<Section> listed = parent.list("paths");
        for (Section section : listed) {
            String name = section.required("name");
            if (!names.add(name)) {
                errors.add(section.name("name") + " is '" + name + "': another path has this name");
            }
            NbdConfig.DiskPath path = path(section, name.isEmpty() ? "unnamed" : name, readOnly);
            if (path instanceof NbdConfig.DiskPath.Iscsi iscsi
                    && !pathKeys.add(iscsi.config().pathKey())) {
                errors.add(section.name("path-key") + " is '" + iscsi.config().pathKey()
                        + "': another path has it; must be one of its own for each path of the disk, on all hosts");
            }
            if (path != null) {
                paths.add(path);
            }
            section.rejectUnknown();
        }
        if (listed.isEmpty()) {
            errors.add(parent.name("paths") + " is empty: must have at least one path");
        }
        return new Ways(paths, state(parent, paths, listed.size()));
    }

    private Optional<Path> state(Section parent, List<NbdConfig.DiskPath> paths, int listed) {
        String state = parent.text("state", "");
        boolean needed = listed > 1 || paths.stream().anyMatch(DiskPathReader::fences);
        if (needed && state.isEmpty()) {
            errors.add(parent.name("state") + " is missing: must be a file where the generation is kept;"
                    + " several paths, a partner, or a unit of a target need one");
        }
        return state.isEmpty() ? Optional.empty() : Optional.of(Path.of(state));
    }

    /** True if the far end remembers generations, so that one must not be used twice. */
    private static boolean fences(NbdConfig.DiskPath path) {
        return path instanceof NbdConfig.DiskPath.Iscsi
                || (path instanceof NbdConfig.DiskPath.Nbd nbd && nbd.config().generations());
    }

    private NbdConfig.DiskPath path(Section section, String name, boolean readOnly) {
        String file = section.text("file", "");
        String nbd = section.text("nbd", "");
        String iscsi = section.text("iscsi", "");
        long kinds = List.of(file, nbd, iscsi).stream()
                .filter(text -> !text.isEmpty())
                .count();
        if (kinds != 1) {
            errors.add(section.name("file") + " or " + section.name("nbd") + " or " + section.name("iscsi")
                    + ": must have exactly one of them");
            return null;
        }
        if (!file.isEmpty()) {
            return checked(() -> file(section, name, file, readOnly));
        }
        return checked(() -> nbd.isEmpty() ? iscsi(section, name, iscsi) : nbd(section, name, nbd));
    }

    private NbdConfig.DiskPath checked(Supplier<NbdConfig.DiskPath> making) {
        try {
            return making.get();
        } catch (IllegalArgumentException e) {
            errors.add(e.getMessage());
            return null;
        }
    }

    private static NbdConfig.DiskPath file(Section section, String name, String file, boolean readOnly) {
        return new NbdConfig.DiskPath.File(new FilePathConfig(
                name,
                Path.of(file),
                readOnly,
                section.choice("direct", FilePathConfig.Direct.PREFER),
                section.number("block-size", FilePathConfig.DEFAULT_BLOCK_SIZE),
                section.number("workers", 16),
                section.number("max-issued", 128)));
    }

    private static NbdConfig.DiskPath nbd(Section section, String name, String server) {
        boolean unix = server.startsWith("/");
        SocketAddress address = unix ? UnixDomainSocketAddress.of(server) : section.address("nbd");
        return new NbdConfig.DiskPath.Nbd(new NbdPathConfig(
                name,
                address,
                section.text("export", ""),
                section.flag("partner", false),
                section.durationNs("open-timeout", "5s"),
                section.number("max-in-flight", 128)));
    }

    private static NbdConfig.DiskPath iscsi(Section section, String name, String portal) {
        long openMs = section.durationNs("open-timeout", IscsiPathConfig.DEFAULT_OPEN_TIMEOUT_MS + "ms") / NS_PER_MS;
        return new NbdConfig.DiskPath.Iscsi(new IscsiPathConfig(
                name,
                portal,
                section.text("target", ""),
                section.number("lun", 0),
                section.text("initiator", ""),
                section.text("user", ""),
                section.text("password", ""),
                section.number("disk-key", 0),
                section.number("path-key", -1),
                section.number("max-issued", IscsiPathConfig.DEFAULT_ISSUED),
                (int) Math.min(Integer.MAX_VALUE, openMs)));
    }
}
