package io.lockstep.hypervisor.riscv.boot;

import io.lockstep.hypervisor.riscv.RiscvMachine;
import io.lockstep.hypervisor.riscv.memory.GuestRam;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Loads OpenSBI (fw_dynamic), a kernel image and an initramfs, and starts the firmware with what it expects: the device tree in a1, where to go on in a2
 * (OpenSBI's {@code struct fw_dynamic_info}, version 2). Immutable.
 */
public final class LinuxBoot {
    private static final long KERNEL = GuestRam.BASE + 0x20_0000;
    private static final long TREE_ROOM = 0x1_0000;
    private static final long INFO_MAGIC = 0x4942534f;
    private static final int SUPERVISOR = 1;

    private final byte[] firmware;
    private final byte[] kernel;
    private final byte[] initrd;
    private final String arguments;

    private LinuxBoot(byte[] firmware, byte[] kernel, byte[] initrd, String arguments) {
        this.firmware = firmware;
        this.kernel = kernel;
        this.initrd = initrd;
        this.arguments = arguments;
        if (firmware.length == 0 || firmware.length > KERNEL - GuestRam.BASE) {
            throw new IllegalArgumentException(
                    "firmware of " + firmware.length + " bytes: at most " + (KERNEL - GuestRam.BASE) + " fit");
        }
        if (kernel.length == 0) {
            throw new IllegalArgumentException("the kernel is empty");
        }
    }

    /**
     * Reads {@code fw}, {@code vmlinux} and {@code initrd} (dev/guest-riscv makes them).
     *
     * @param arguments the kernel's command line
     */
    public static LinuxBoot read(Path directory, String arguments) throws IOException {
        return new LinuxBoot(
                Files.readAllBytes(directory.resolve("fw")),
                Files.readAllBytes(directory.resolve("vmlinux")),
                Files.readAllBytes(directory.resolve("initrd")),
                arguments);
    }

    /**
     * Loads everything and makes the machine ready to run.
     *
     * @throws IllegalArgumentException if RAM is too small
     */
    public void into(RiscvMachine machine) {
        long top = GuestRam.BASE + machine.config().ramBytes();
        long tree = top - TREE_ROOM;
        long info = tree - 4096;
        long ramdisk = (info - initrd.length) & -4096;
        // The kernel needs room behind its image for its zeroed data and to decompress the initramfs.
        if (KERNEL + 2L * kernel.length > ramdisk) {
            throw new IllegalArgumentException("RAM of " + machine.config().ramBytes()
                    + " bytes is too small for a kernel of " + kernel.length + " and an initramfs of " + initrd.length);
        }
        machine.load(GuestRam.BASE, firmware, 0, firmware.length);
        machine.load(KERNEL, kernel, 0, kernel.length);
        machine.load(ramdisk, initrd, 0, initrd.length);
        byte[] blob = DeviceTree.build(machine.config().ramBytes(), arguments, ramdisk, initrd.length);
        machine.load(tree, blob, 0, blob.length);
        ByteBuffer next = ByteBuffer.allocate(48).order(ByteOrder.LITTLE_ENDIAN);
        next.putLong(INFO_MAGIC)
                .putLong(2)
                .putLong(KERNEL)
                .putLong(SUPERVISOR)
                .putLong(0)
                .putLong(0);
        machine.load(info, next.array(), 0, 48);
        machine.start(GuestRam.BASE, tree, info);
    }
}
