package io.lockstep.host.config;

import io.lockstep.hypervisor.qemu.GuestSpec;

/**
 * A guest both hosts know.
 *
 * @param spec its virtual hardware
 * @param startOn name of the host that starts it when nobody runs it
 * @param consoleLog true if its serial console is written to the run directory
 */
public record GuestConfig(GuestSpec spec, String startOn, boolean consoleLog) {}
