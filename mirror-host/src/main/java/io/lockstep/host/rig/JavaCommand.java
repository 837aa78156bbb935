package io.lockstep.host.rig;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command line that starts another {@code mirror}: same Java, same class path, the flags of {@code dev/jvm.flags}. */
public final class JavaCommand {
    private static final String MAIN = "io.lockstep.host.cli.MirrorCli";

    private JavaCommand() {}

    /** The root of the project, where the launcher is. */
    public static Path home() throws RigException {
        String home = System.getProperty("mirror.home", "");
        if (home.isEmpty()) {
            throw new RigException("the system property mirror.home is not set: start through the launcher ./mirror");
        }
        return Path.of(home);
    }

    /** The words of the command. */
    public static List<String> line(String... arguments) throws RigException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags(home()));
        for (String name : List.of("mirror.home", "java.io.tmpdir", "jna.tmpdir")) {
            String value = System.getProperty(name, "");
            if (!value.isEmpty()) {
                command.add("-D" + name + "=" + value);
            }
        }
        // Its statistics file would stay behind in /tmp after SIGKILL.
        command.add("-XX:-UsePerfData");
        String more = System.getenv().getOrDefault("MIRROR_JAVA_OPTS", "");
        for (String option : more.trim().split("\\s+", -1)) {
            if (!option.isEmpty()) {
                command.add(option);
            }
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), MAIN));
        command.addAll(List.of(arguments));
        return command;
    }

    /** The flags of the host process: one a line, with its argument if it has one. */
    static List<String> flags(Path home) throws RigException {
        Path file = home.resolve("dev").resolve("jvm.flags");
        List<String> flags = new ArrayList<>();
        try {
            for (String line : Files.readAllLines(file)) {
                String flag = line.strip();
                if (!flag.isEmpty() && !flag.startsWith("#")) {
                    flags.addAll(List.of(flag.split("\\s+", 2)));
                }
            }
        } catch (IOException e) {
            throw new RigException("cannot read " + file + ": " + e.getMessage(), e);
        }
        return flags;
    }
}
