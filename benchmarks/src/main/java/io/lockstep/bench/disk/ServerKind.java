package io.lockstep.bench.disk;

import io.lockstep.host.rig.JavaCommand;
import io.lockstep.host.rig.RigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Who serves, each as its own process with what its manual advises for this use. */
enum ServerKind {
    OURS("ours") {
        @Override
        List<String> command(Path file, Path socket, boolean direct) throws RigException {
            Path config = socket.resolveSibling("ours.yaml");
            String text = String.format(
                    Locale.ROOT,
                    "listen: {unix: \"%s\"}%nexport: %s%npaths:%n  - {name: file, file: \"%s\", direct: %s}%n",
                    socket,
                    EXPORT,
                    file,
                    direct ? "require" : "never");
            try {
                Files.writeString(config, text);
            } catch (IOException e) {
                throw new RigException("cannot write " + config + ": " + e.getMessage(), e);
            }
            return JavaCommand.line("nbd", "--config", config.toString());
        }
    },
    QEMU_NBD("qemu-nbd") {
        @Override
        List<String> command(Path file, Path socket, boolean direct) {
            return List.of(
                    "qemu-nbd",
                    "--persistent",
                    "--shared=8",
                    "--format=raw",
                    direct ? "--cache=none" : "--cache=writeback",
                    direct ? "--aio=native" : "--aio=threads",
                    "--export-name=" + EXPORT,
                    "--socket=" + socket,
                    file.toString());
        }
    },
    NBDKIT("nbdkit") {
        @Override
        List<String> command(Path file, Path socket, boolean direct) {
            return List.of("nbdkit", "--foreground", "--unix", socket.toString(), "file", file.toString());
        }

        @Override
        boolean can(boolean direct) {
            return !direct; // its file plugin knows no O_DIRECT
        }
    };

    /** The name under which all of them serve. */
    static final String EXPORT = "disk";

    private final String label;

    ServerKind(String label) {
        this.label = label;
    }

    String label() {
        return label;
    }

    boolean can(boolean direct) {
        return true;
    }

    abstract List<String> command(Path file, Path socket, boolean direct) throws RigException;
}
