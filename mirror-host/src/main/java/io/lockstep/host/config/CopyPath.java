package io.lockstep.host.config;

import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One way to a disk.
 *
 * @param text as it was written
 * @param file a file or block device; the socket for NBD
 * @param export name of the NBD export; null for a file
 */
public record CopyPath(String text, Path file, String export) {
    /** What {@link #parse} takes, for people. */
    static final String ALLOWED = "an absolute path of a file or block device, or nbd+unix:///EXPORT?socket=/PATH";

    private static final Pattern NBD = Pattern.compile("nbd\\+unix:///([^?;]*)\\?socket=(/[^&]+)");

    /** A file or block device. */
    public static CopyPath file(Path file) {
        return new CopyPath(file.toString(), file, null);
    }

    /** Reads a text; null if it is not one. */
    static CopyPath parse(String text) {
        Matcher matcher = NBD.matcher(text);
        if (matcher.matches()) {
            return new CopyPath(text, Path.of(matcher.group(2)), matcher.group(1));
        }
        return text.startsWith("/") ? file(Path.of(text)) : null;
    }

    /** True if it leads to an NBD server. */
    public boolean isNbd() {
        return export != null;
    }

    @Override
    public String toString() {
        return text;
    }
}
