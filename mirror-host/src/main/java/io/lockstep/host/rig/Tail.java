package io.lockstep.host.rig;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The ends of log files. */
public final class Tail {
    private static final int MAX_LINE = 400;

    private Tail() {}

    /** The whole text, or why it cannot be read. */
    public static String text(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }

    /** The last lines that are not blank, shortened to what a person reads. */
    public static List<String> lines(Path file, int count) {
        List<String> lines = text(file)
                .lines()
                .filter(line -> !line.isBlank())
                .map(Tail::shorten)
                .toList();
        return lines.subList(Math.max(0, lines.size() - count), lines.size());
    }

    private static String shorten(String line) {
        return line.length() <= MAX_LINE ? line : line.substring(0, MAX_LINE) + " ...";
    }
}
