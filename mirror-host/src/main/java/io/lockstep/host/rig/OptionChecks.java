package io.lockstep.host.rig;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Checks of command-line values that several commands have in common: each adds its error to a list, so that all are said at once. */
public final class OptionChecks {
    /** Thrown with every error, one a line. */
    public static final class BadOptions extends Exception {
        private static final long serialVersionUID = 1L;

        BadOptions(List<String> errors) {
            super(String.join("\n", errors));
        }

        /** Prints every error and returns the exit code for a bad command line. */
        public int print(String command) {
            getMessage().lines().forEach(line -> System.err.println("mirror " + command + ": " + line));
            return 2;
        }
    }

    private OptionChecks() {}

    /** Ends the checks. */
    public static void throwIfAny(List<String> errors) throws BadOptions {
        if (!errors.isEmpty()) {
            throw new BadOptions(errors);
        }
    }

    /** A whole number. */
    public static long number(String option, String typed, long standard, long least, long most, List<String> errors) {
        if (typed == null) {
            return standard;
        }
        try {
            long value = Long.parseLong(typed.strip());
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            // said below, with the range
        }
        String range = least == Long.MIN_VALUE ? "" : " from " + least + " to " + most;
        errors.add(option + " is '" + typed + "': must be a whole number" + range);
        return standard;
    }

    /** A file that can be written; null if none was asked for. */
    public static Path outputFile(String option, String typed, List<String> errors) {
        if (typed == null) {
            return null;
        }
        Path file = Path.of(typed).toAbsolutePath();
        Path parent = file.getParent();
        if (Files.isDirectory(file) || parent == null || !Files.isDirectory(parent) || !Files.isWritable(parent)) {
            errors.add(option + " is '" + typed + "': must be a file in a directory that exists and can be written");
        }
        return file;
    }

    /** The directory with the guest's kernel and initrd; below {@code home} if none was named. */
    public static Path guestDir(String typed, Path home, List<String> errors) {
        Path directory = typed == null
                ? home.resolve("build").resolve("guest")
                : Path.of(typed).toAbsolutePath();
        for (String name : List.of("vmlinuz", "initrd")) {
            if (!Files.isReadable(directory.resolve(name))) {
                errors.add(
                        "--guest-dir is '" + directory + "': must hold a readable " + name + "; dev/guest builds it");
            }
        }
        return directory;
    }
}
