package io.lockstep.host.config;

import io.lockstep.hypervisor.qemu.GuestSpec;
import java.util.Optional;

/**
 * A guest both hosts know.
 *
 * @param spec its virtual hardware
 * @param startOn name of the host that starts it when nobody runs it
 * @param consoleLog true if its serial console is written to the run directory
 * @param disk this host's side of its disk, if it has one
 */
public record GuestConfig(GuestSpec spec, String startOn, boolean consoleLog, Optional<DiskConfig> disk) {
    /** Checks that the hardware and the disk agree. */
    public GuestConfig {
        if (disk.isPresent() != spec.diskBytes() > 0) {
            throw new IllegalArgumentException("guest '" + spec.name() + "' has a disk of " + spec.diskBytes()
                    + " bytes and " + (disk.isPresent() ? "a" : "no") + " configuration for it");
        }
    }

    /** A guest without a disk. */
    public static GuestConfig of(GuestSpec spec, String startOn) {
        return new GuestConfig(spec, startOn, true, Optional.empty());
    }
}
