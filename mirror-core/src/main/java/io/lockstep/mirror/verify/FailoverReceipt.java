package io.lockstep.mirror.verify;

/**
 * The proof of what a failover did, for people and for JSON.
 *
 * @param vm name of the guest
 * @param cause why the secondary took over
 * @param term the term it won
 * @param imageId incarnation of the replica
 * @param epoch the last committed epoch, at which the guest went on
 * @param chain digest chain at that epoch; equals the primary's chain at the same epoch
 * @param droppedRecords records of the unfinished epoch that were thrown away
 * @param droppedBlocks those of them that were blocks of the disk
 * @param detectNs from the last sign of life to the suspicion
 * @param fenceNs from the suspicion to the won term
 * @param attachNs from the won term to the disk that is this host's
 * @param loadNs from there to the running guest
 */
public record FailoverReceipt(
        String vm,
        String cause,
        long term,
        long imageId,
        long epoch,
        long chain,
        long droppedRecords,
        long droppedBlocks,
        long detectNs,
        long fenceNs,
        long attachNs,
        long loadNs) {
    /** From the last sign of life of the primary to the running guest. */
    public long totalNs() {
        return detectNs + fenceNs + attachNs + loadNs;
    }
}
