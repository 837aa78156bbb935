package io.lockstep.host.disk;

import io.lockstep.host.config.DiskConfig;
import java.nio.file.Path;

/**
 * What a disk on this host is made from.
 *
 * @param vm name of the guest
 * @param host name of this host
 * @param bytes size of the disk
 * @param config this host's side of it
 * @param socket where QEMU finds it
 * @param journaled true if what is committed must survive a power cut as a whole
 */
public record DiskSettings(String vm, String host, long bytes, DiskConfig config, Path socket, boolean journaled) {}
