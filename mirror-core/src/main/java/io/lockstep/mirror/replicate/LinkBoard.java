package io.lockstep.mirror.replicate;

import io.lockstep.mirror.record.HandOverReason;
import java.util.concurrent.atomic.AtomicReference;

/**
 * What the link thread and the engine thread tell each other about the link. Every field has one writer.
 *
 * <p>Threading: the methods say which thread calls them.
 */
public final class LinkBoard {
    /**
     * The secondary is ready to take a synchronisation.
     *
     * @param generation session number
     * @param resumeImageId image the secondary still holds, 0 if none
     * @param resumeEpoch epoch that image is at
     * @param resumeChain digest chain at that epoch
     * @param diskToken names what the secondary's copy of the disk holds, 0 for nothing of use
     */
    public record Offer(long generation, long resumeImageId, long resumeEpoch, long resumeChain, long diskToken) {}

    /** A guest is to be given away at {@code epoch}, to the partner of this session only. */
    record HandOver(long generation, long epoch, HandOverReason reason) {}

    /** The session is over, or could not start. */
    public record Ended(long generation, String reason, boolean refused) {}

    private final long firstGeneration;
    private final AtomicReference<Offer> offer = new AtomicReference<>();
    private final AtomicReference<Ended> ended = new AtomicReference<>();
    private final AtomicReference<HandOver> handOver = new AtomicReference<>();
    private final AtomicReference<String> disconnect = new AtomicReference<>();
    private final AtomicReference<String> farewell = new AtomicReference<>();
    private volatile long ackedEpoch;
    private volatile long partnerDurable;
    private volatile long durableEpoch;
    private volatile long blockCount;
    private volatile long leaseUntilNs = Long.MIN_VALUE;
    private volatile long heardNs = Long.MIN_VALUE;
    private volatile long roundTripNs;
    private volatile String peerFarewell = "";
    private volatile boolean handedOver;
    private volatile boolean seeking;
    private volatile long term;
    private volatile long engineNs = Long.MIN_VALUE;
    private volatile boolean retired;

    /**
     * An empty board.
     *
     * @param firstGeneration number of the session before the first; higher than any an earlier process used for this guest
     */
    public LinkBoard(long firstGeneration) {
        this.firstGeneration = firstGeneration;
    }

    long firstGeneration() {
        return firstGeneration;
    }

    /** Engine: takes the offer of a session, or null. */
    public Offer takeOffer() {
        return offer.getAndSet(null);
    }

    /** Engine: true if an offer waits to be taken. */
    public boolean hasOffer() {
        return offer.get() != null;
    }

    /** Engine: takes the news that a session ended, or null. */
    public Ended takeEnded() {
        return ended.getAndSet(null);
    }

    /** Engine: the last epoch the secondary acknowledged. */
    public long ackedEpoch() {
        return ackedEpoch;
    }

    /** Engine: up to this epoch the disk's writes would survive a power cut of the secondary. */
    public long partnerDurable() {
        return partnerDurable;
    }

    /** Engine: how many blocks the guest's disk has. */
    public void blockCount(long blocks) {
        blockCount = blocks;
    }

    /** Engine: up to this epoch the disk's writes would survive a power cut here. */
    public void durableEpoch(long epoch) {
        durableEpoch = epoch;
    }

    /** Engine: outputs may be released before this time. */
    public long leaseUntilNs() {
        return leaseUntilNs;
    }

    /** Engine: when the secondary was last heard. */
    public long heardNs() {
        return heardNs;
    }

    /** Any thread: round trip of the last heartbeat in nanoseconds. */
    public long roundTripNs() {
        return roundTripNs;
    }

    /** Engine: what the secondary said when it ended the session; empty if it did not. */
    public String peerFarewell() {
        return peerFarewell;
    }

    /** Engine: true once the hand-over is on its way. */
    public boolean isHandedOver() {
        return handedOver;
    }

    /** Engine: whether the link thread should look for a partner. */
    public void seek(boolean wanted) {
        seeking = wanted;
    }

    /** Engine: the term this host holds. */
    public void term(long held) {
        term = held;
    }

    /** Engine: asks for the end of the link. */
    public void disconnect(String reason) {
        disconnect.set(reason);
    }

    /** Engine: asks to give the guest away to the partner of session {@code generation}. */
    public void handOver(long generation, long epoch, HandOverReason reason) {
        handedOver = false;
        handOver.set(new HandOver(generation, epoch, reason));
    }

    /** Engine: it is at work. A primary whose engine stands still has nothing to say, so that its partner takes over. */
    public void engineAt(long nowNs) {
        engineNs = nowNs;
    }

    /** Engine: this mirror's work is done. What is pending is still sent; from then on the link duty is silent. */
    public void retire() {
        seeking = false;
        retired = true;
    }

    /** Engine: asks to tell the secondary that protection is over. */
    public void farewell(String reason) {
        farewell.set(reason);
    }

    boolean isSeeking() {
        return seeking;
    }

    long term() {
        return term;
    }

    String takeDisconnect() {
        return disconnect.getAndSet(null);
    }

    HandOver pendingHandOver() {
        return handOver.get();
    }

    void handOverSent() {
        handOver.set(null);
        handedOver = true;
    }

    /** The session it was meant for is over. */
    void handOverDropped() {
        handOver.set(null);
    }

    boolean isRetired() {
        return retired;
    }

    /** When the engine was last at work; {@link Long#MIN_VALUE} before the first time. */
    long engineNs() {
        return engineNs;
    }

    String pendingFarewell() {
        return farewell.get();
    }

    void farewellSent() {
        farewell.set(null);
    }

    long blockCount() {
        return blockCount;
    }

    long durableEpoch() {
        return durableEpoch;
    }

    void offer(Offer made) {
        ackedEpoch = 0;
        partnerDurable = 0;
        offer.set(made);
    }

    void ended(Ended news) {
        offer.set(null);
        ended.set(news);
    }

    void acked(long epoch) {
        ackedEpoch = epoch;
    }

    void partnerDurable(long epoch) {
        partnerDurable = epoch;
    }

    void heard(long nowNs) {
        heardNs = nowNs;
    }

    void lease(long untilNs, long roundTrip) {
        leaseUntilNs = untilNs;
        roundTripNs = roundTrip;
    }

    void peerFarewell(String reason) {
        peerFarewell = reason;
    }
}
