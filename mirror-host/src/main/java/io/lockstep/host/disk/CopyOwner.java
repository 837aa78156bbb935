package io.lockstep.host.disk;

import io.lockstep.host.config.CopyPath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A line beside each copy that says whose it is: with a storage that both hosts reach, the same file is soon given to both by accident, and
 * they would overwrite each other's work.
 */
final class CopyOwner {
    private static final String SUFFIX = ".owner";

    private CopyOwner() {}

    /** Claims a file for one host. Devices and servers have nothing beside them where that could be kept. */
    static void claim(CopyPath path, String vm, String host) throws IOException {
        if (path.isNbd() || !Files.isRegularFile(path.file())) {
            return;
        }
        Path note = path.file().resolveSibling(path.file().getFileName() + SUFFIX);
        String mine = "guest " + vm + ", host " + host;
        if (!Files.exists(note)) {
            Files.writeString(note, mine + "\n");
            return;
        }
        String said = Files.readString(note).strip();
        if (!said.equals(mine)) {
            throw new IOException(path + " is the copy of " + said + " (says " + note
                    + "): each host needs a copy of its own; this is guest " + vm + ", host " + host);
        }
    }
}
