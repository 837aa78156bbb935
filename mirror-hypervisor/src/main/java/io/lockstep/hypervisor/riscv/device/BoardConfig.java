package io.lockstep.hypervisor.riscv.device;

/**
 * What the board has.
 *
 * @param stepsPerTick instructions in 100 ns of guest time
 * @param mac the network card's address, 48 bits
 * @param disk the content of the disk, {@link Disk#NONE} for no disk
 */
public record BoardConfig(long stepsPerTick, long mac, Disk disk) {
    /** Checks. */
    public BoardConfig {
        if (stepsPerTick < 1 || stepsPerTick > 1_000_000) {
            throw new IllegalArgumentException("stepsPerTick " + stepsPerTick + " is not between 1 and 1000000");
        }
        if (mac >>> 48 != 0) {
            throw new IllegalArgumentException("mac " + Long.toHexString(mac) + " has more than 48 bits");
        }
    }
}
