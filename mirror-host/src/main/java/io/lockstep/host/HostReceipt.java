package io.lockstep.host;

import io.lockstep.mirror.verify.FailoverReceipt;
import java.time.Instant;

/**
 * What a failover did, as a person reads it. Times in milliseconds; {@code firstFrameMs} counts from the running guest to its first frame
 * that left this host, and is -1 until then.
 */
public record HostReceipt(
        String vm,
        String cause,
        String from,
        String to,
        long term,
        String imageId,
        long epoch,
        String chain,
        long droppedRecords,
        long droppedBlocks,
        double detectMs,
        double fenceMs,
        double attachMs,
        double loadMs,
        double firstFrameMs,
        double totalMs,
        String time) {
    private static final double NS_PER_MS = 1e6;

    /** From the core's receipt. */
    public static HostReceipt of(FailoverReceipt receipt, String from, String to) {
        return new HostReceipt(
                receipt.vm(),
                receipt.cause(),
                from,
                to,
                receipt.term(),
                Long.toHexString(receipt.imageId()),
                receipt.epoch(),
                Long.toHexString(receipt.chain()),
                receipt.droppedRecords(),
                receipt.droppedBlocks(),
                receipt.detectNs() / NS_PER_MS,
                receipt.fenceNs() / NS_PER_MS,
                receipt.attachNs() / NS_PER_MS,
                receipt.loadNs() / NS_PER_MS,
                -1,
                receipt.totalNs() / NS_PER_MS,
                Instant.now().toString());
    }

    /** The same, once the first frame has left. */
    public HostReceipt withFirstFrame(long afterLiveNs) {
        double ms = afterLiveNs / NS_PER_MS;
        return new HostReceipt(
                vm,
                cause,
                from,
                to,
                term,
                imageId,
                epoch,
                chain,
                droppedRecords,
                droppedBlocks,
                detectMs,
                fenceMs,
                attachMs,
                loadMs,
                ms,
                totalMs + ms,
                time);
    }
}
