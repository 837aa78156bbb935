package io.lockstep.redirect.path.file;

import io.lockstep.nativeio.DiskFile;
import io.lockstep.redirect.block.BlockGeometry;

/**
 * A file that was opened and looked at.
 *
 * @param file to call
 * @param geometry what it looks like
 * @param direct true if it goes around the page cache; memory and lengths are then multiples of the block size
 * @param blockDevice true if it is no regular file
 * @param description for people: how it is accessed
 */
record OpenedFile(DiskFile file, BlockGeometry geometry, boolean direct, boolean blockDevice, String description) {}
