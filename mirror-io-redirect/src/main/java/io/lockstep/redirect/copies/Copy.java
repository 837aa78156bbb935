package io.lockstep.redirect.copies;

import io.lockstep.redirect.block.BlockDevice;
import io.lockstep.redirect.regions.RegionLog;

/**
 * One copy of a mirrored disk.
 *
 * @param name what people call it
 * @param device where it is, open; null if it cannot be reached now ({@link MirroredDevice#attach} brings it later)
 * @param log the record beside it, open
 * @param identity what tells it from any other place: a real path, a device number, an address with an export; empty if unknown
 */
public record Copy(String name, BlockDevice device, RegionLog log, String identity) {
    /** Checks that there is a name and a log. */
    public Copy {
        if (name.isEmpty()) {
            throw new IllegalArgumentException("a copy has no name");
        }
        if (log == null) {
            throw new IllegalArgumentException("copy " + name + " has no region log");
        }
    }
}
