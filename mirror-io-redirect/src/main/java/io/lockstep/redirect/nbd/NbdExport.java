package io.lockstep.redirect.nbd;

import io.lockstep.redirect.block.BlockDevice;
import io.lockstep.redirect.path.GenerationStore;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * A disk under a name.
 *
 * @param name what clients ask for; not empty, at most 256 bytes of UTF-8, without {@code ;}
 * @param description for people; at most 256 bytes
 * @param device the disk. The server drives it; its owner closes it, after the server
 * @param readOnly true if clients may only read, whatever the device allows
 * @param generations present if only partners that name a generation may open it
 */
public record NbdExport(
        String name, String description, BlockDevice device, boolean readOnly, Optional<GenerationStore> generations) {
    private static final int MAX_TEXT = 256;

    /** Checks the texts. */
    public NbdExport {
        checkName(name);
        if (bytes(description) > MAX_TEXT) {
            throw new IllegalArgumentException(
                    "description of export '" + name + "' is " + bytes(description) + " bytes: at most " + MAX_TEXT);
        }
    }

    /**
     * Checks a name by itself.
     *
     * @throws IllegalArgumentException if no export may have it
     */
    public static void checkName(String name) {
        if (name.isEmpty() || name.indexOf(';') >= 0 || bytes(name) > MAX_TEXT) {
            throw new IllegalArgumentException(
                    "export is '" + name + "': must be 1 to " + MAX_TEXT + " bytes and hold no semicolon");
        }
    }

    /** An export for any client, written as far as the device allows. */
    public static NbdExport of(String name, BlockDevice device) {
        return new NbdExport(name, "", device, false, Optional.empty());
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
