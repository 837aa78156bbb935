package io.lockstep.redirect.epoch;

import io.lockstep.redirect.block.BlockDevice;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.regions.RegionLog;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * What an {@link EpochDisk} is made of. It drives and closes the devices and the log.
 *
 * @param home this host's way to the disk, open
 * @param away COPIES: the partner's disk for reading, when this host's copy has failed
 * @param regions COPIES: the log of this host's copy; none for SHARED
 * @param journal COPIES: a device for policy JOURNALED, of at least {@link EpochDisk#journalBytes} bytes; without it an epoch is durable
 *     only when it is in the copy
 * @param fence shuts the old owner out; {@link Fence#NONE} for COPIES
 * @param tokens random numbers
 */
public record EpochDiskParts(
        BlockDevice home,
        Optional<BlockDevice> away,
        Optional<RegionLog> regions,
        Optional<BlockDevice> journal,
        Fence fence,
        LongSupplier tokens) {
    private static final int LEAST_TRANSFER = 64 << 10;

    /** Refuses devices that do not fit. */
    void check(EpochDiskConfig config, boolean hasLog) {
        boolean copies = config.topology() == EpochDiskConfig.Topology.COPIES;
        require(hasLog == copies, "a region log is " + (copies ? "needed for COPIES" : "of no use for SHARED"));
        require(
                copies || (journal.isEmpty() && away.isEmpty()),
                "a journal and a way to the partner are for COPIES only");
        require(copies || fence != Fence.NONE, "SHARED needs a fence");
        checkDevice("home", home.geometry());
        require(!home.geometry().readOnly(), "home is read-only");
        away.ifPresent(device -> {
            checkDevice("away", device.geometry());
            require(
                    device.geometry().sizeBytes() == home.geometry().sizeBytes(),
                    "home has " + home.geometry().sizeBytes() + " bytes, away "
                            + device.geometry().sizeBytes() + ": must be equal");
        });
    }

    private static void checkDevice(String name, BlockGeometry geometry) {
        require(
                geometry.sizeBytes() % Overlay.BLOCK == 0,
                name + " has " + geometry.sizeBytes() + " bytes: must be a multiple of 4096");
        require(
                geometry.minBlock() <= Overlay.BLOCK,
                name + " has blocks of " + geometry.minBlock() + " bytes: must be at most 4096");
        require(
                geometry.maxTransfer() >= LEAST_TRANSFER,
                name + " takes " + geometry.maxTransfer() + " bytes at a time: must take at least 64 KiB");
    }

    private static void require(boolean legal, String problem) {
        if (!legal) {
            throw new IllegalArgumentException("epoch disk: " + problem);
        }
    }
}
