package io.lockstep.hypervisor.riscv;

import io.lockstep.hypervisor.riscv.device.Disk;
import java.util.ArrayList;
import java.util.List;

/**
 * What the machine is. Two machines in lockstep have equal configurations and equal disks.
 *
 * @param ramBytes RAM, whole MiB
 * @param stepsPerTick instructions in 100 ns of the guest's time while it computes: 10 for a guest that is told it has 100 million a second
 * @param mac address of the network card, 48 bits
 * @param disk content of the disk, {@link Disk#NONE} for none
 */
public record MachineConfig(long ramBytes, long stepsPerTick, long mac, Disk disk) {
    private static final long MIB = 1L << 20;
    private static final long LEAST_RAM = MIB;
    private static final long MOST_RAM = 64L << 30;

    /** Checks; the exception names everything that is wrong. */
    public MachineConfig {
        List<String> wrong = new ArrayList<>();
        if (ramBytes < LEAST_RAM || ramBytes > MOST_RAM || ramBytes % MIB != 0) {
            wrong.add("ramBytes " + ramBytes + " is not whole MiB between " + LEAST_RAM + " and " + MOST_RAM);
        }
        if (stepsPerTick < 1 || stepsPerTick > 1_000_000) {
            wrong.add("stepsPerTick " + stepsPerTick + " is not between 1 and 1000000");
        }
        if (mac < 0 || mac >>> 48 != 0) {
            wrong.add("mac " + Long.toHexString(mac) + " has more than 48 bits");
        }
        if (disk == null) {
            wrong.add("disk is null; use Disk.NONE");
        }
        if (!wrong.isEmpty()) {
            throw new IllegalArgumentException(String.join("; ", wrong));
        }
    }

    /** That much RAM, no disk, and the default speed and address. */
    public static MachineConfig ofRam(long ramBytes) {
        return new MachineConfig(ramBytes, 10, 0x52_54_00_12_34_56L, Disk.NONE);
    }

    /** The same with this disk. */
    public MachineConfig withDisk(Disk newDisk) {
        return new MachineConfig(ramBytes, stepsPerTick, mac, newDisk);
    }

    /** The same with that many instructions in 100 ns. */
    public MachineConfig withStepsPerTick(long steps) {
        return new MachineConfig(ramBytes, steps, mac, disk);
    }
}
