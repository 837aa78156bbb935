/**
 * Booting an operating system as the firmware of QEMU's {@code virt} does.
 *
 * <pre>
 *   LinuxImages (fw, kernel, initrd) -> LinuxBoot.into(machine): 0x80000000 OpenSBI  0x80200000 kernel  top of RAM: initrd, DeviceTree
 * </pre>
 */
package io.lockstep.hypervisor.riscv.boot;
