package io.lockstep.mirror.replicate;

import io.lockstep.mirror.MirrorPolicy;
import io.lockstep.mirror.counters.Counters;
import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.record.AckLevel;
import io.lockstep.mirror.record.ControlReader;
import io.lockstep.mirror.record.ControlWriter;
import io.lockstep.mirror.record.RecordFault;
import io.lockstep.mirror.ring.SendWindow;
import io.lockstep.mirror.spi.Interconnect;
import org.agrona.DirectBuffer;

/**
 * The primary's link duty: one session at a time from protect request to loss of the link, over and over.
 *
 * <p>Threading: {@link #doWork} on one thread, the link thread. It meets the engine thread in the {@link SendWindow} and the
 * {@link LinkBoard} only.
 */
public final class Replicator implements Interconnect.Listener, ControlReader.Visitor {
    private static final int FRAMES_PER_POLL = 64;

    private final String vm;
    private final byte[] guestSpec;
    private final long pageCount;
    private final Interconnect link;
    private final SendWindow window;
    private final LinkBoard board;
    private final MirrorPolicy policy;
    private final BulkSender sender;
    private final ControlReader reader = new ControlReader();
    private final ControlWriter writer = new ControlWriter();
    private long nowNs;
    private long incarnation;
    private long endedIncarnation;
    private long generation;
    /** Generation before the first request on this connection. */
    private long settledGeneration;

    private boolean asked;
    private boolean accepted;
    private String fault = "";
    private final long[] sentAtNs = new long[64];
    private long heartbeats;
    private long nextHeartbeatNs;

    /**
     * A link duty.
     *
     * @param vm name of the guest
     * @param guestSpec what the secondary needs to prepare a standby; opaque here, at most 60 KiB
     * @param shadow memory for the last sent versions, as many pages as the guest
     */
    public Replicator(
            String vm,
            byte[] guestSpec,
            PageRegion shadow,
            Interconnect link,
            SendWindow window,
            LinkBoard board,
            MirrorPolicy policy,
            Counters counters) {
        this.vm = vm;
        this.guestSpec = guestSpec;
        this.pageCount = shadow.pageCount();
        this.link = link;
        this.window = window;
        this.board = board;
        this.policy = policy;
        this.sender = new BulkSender(link, window, shadow, policy.compression(), counters);
        this.generation = board.firstGeneration();
    }

    /** Does what can be done now. Returns 0 if there was nothing to do. */
    public int doWork(long now) {
        nowNs = now;
        int work = link.poll(this, FRAMES_PER_POLL);
        String wanted = board.takeDisconnect();
        if (wanted != null) {
            fault = wanted;
            link.disconnect(wanted);
        }
        if (window.failure() != null && link.isUp()) {
            link.disconnect("send window stopped: " + window.failure());
        }
        work += watchLink();
        work += commands();
        work += ask();
        work += heartbeat();
        return work + sender.doWork(now, accepted ? generation : 0);
    }

    private int watchLink() {
        boolean same = link.isUp() && link.incarnation() == incarnation;
        if (!same && incarnation != 0) {
            endSession(fault.isEmpty() ? link.downReason() : fault, false);
            return 1;
        }
        if (link.isUp() && incarnation == 0 && link.incarnation() > endedIncarnation) {
            incarnation = link.incarnation();
            settledGeneration = generation;
            fault = "";
            asked = false;
            board.heard(nowNs);
        }
        return 0;
    }

    private int ask() {
        if (incarnation == 0 || asked || !board.isSeeking() || board.pendingFarewell() != null) {
            return 0;
        }
        int length = writer.protect(0, generation + 1, board.term(), pageCount, board.blockCount(), vm, guestSpec);
        if (!link.sendControl(writer.buffer(), 0, length)) {
            return 0;
        }
        generation++;
        asked = true;
        return 1;
    }

    private void endSession(String reason, boolean refused) {
        endedIncarnation = incarnation;
        incarnation = 0;
        leaveSession(reason, refused);
    }

    private void leaveSession(String reason, boolean refused) {
        boolean news = asked;
        asked = false;
        accepted = false;
        sender.endSession();
        if (news) {
            board.ended(new LinkBoard.Ended(generation, reason, refused));
        }
    }

    private int commands() {
        int work = 0;
        LinkBoard.HandOver handOver = board.pendingHandOver();
        if (handOver != null && (!accepted || handOver.generation() != generation)) {
            board.handOverDropped();
        } else if (handOver != null) {
            int length = writer.handOver(handOver.epoch(), board.term(), handOver.reason());
            if (link.sendControl(writer.buffer(), 0, length)) {
                board.handOverSent();
                work++;
            }
        }
        String farewell = board.pendingFarewell();
        if (farewell != null) {
            work += farewell(farewell);
        }
        return work;
    }

    /** Ends the session but not the link. A guest that is gone for good has its farewell repeated until there is a link. */
    private int farewell(String reason) {
        boolean sent = incarnation != 0 && link.sendControl(writer.buffer(), 0, writer.farewell(reason));
        if (!sent && (incarnation != 0 || board.isRetired())) {
            return 0;
        }
        board.farewellSent();
        leaveSession(reason, false);
        return 1;
    }

    private int heartbeat() {
        boolean engineStands = board.engineNs() != Long.MIN_VALUE && nowNs - board.engineNs() > policy.detectNs();
        if (incarnation == 0 || nowNs < nextHeartbeatNs || board.isRetired() || engineStands) {
            return 0;
        }
        int length = writer.heartbeat(heartbeats + 1, nowNs, board.term(), board.durableEpoch());
        if (!link.sendControl(writer.buffer(), 0, length)) {
            return 0;
        }
        heartbeats++;
        sentAtNs[(int) (heartbeats % sentAtNs.length)] = nowNs;
        nextHeartbeatNs = nowNs + policy.heartbeatNs();
        return 1;
    }

    /** When the next heartbeat is due, for whoever waits. */
    public long nextHeartbeatNs() {
        return nextHeartbeatNs;
    }

    @Override
    public void onBulk(DirectBuffer buffer, int offset, int length) {
        if (board.isRetired()) {
            return;
        }
        throw new RecordFault("bulk frame sent to a primary");
    }

    @Override
    public void onControl(DirectBuffer buffer, int offset, int length) {
        if (board.isRetired()) {
            return; // the partner may be a primary by now
        }
        board.heard(nowNs);
        reader.read(buffer, offset, length, this);
    }

    @Override
    public void onVerdict(
            boolean yes,
            long forGeneration,
            long resumeImageId,
            long resumeEpoch,
            long resumeChain,
            long diskToken,
            String reason) {
        if (forGeneration <= settledGeneration || forGeneration > generation) {
            throw new RecordFault("verdict on session " + forGeneration + ", asked were " + (settledGeneration + 1)
                    + " to " + generation);
        }
        if (!asked || accepted || forGeneration != generation) {
            return; // on a session that a farewell ended
        }
        if (!yes) {
            fault = reason;
            endSession(reason, true);
            link.disconnect("the partner refused: " + reason);
            return;
        }
        accepted = true;
        board.offer(new LinkBoard.Offer(generation, resumeImageId, resumeEpoch, resumeChain, diskToken));
    }

    @Override
    public void onHeartbeatEcho(long sequence, long sentNs) {
        if (sequence <= heartbeats - sentAtNs.length && sequence > 0) {
            return; // too old to be worth anything
        }
        if (sequence <= 0 || sequence > heartbeats || sentAtNs[(int) (sequence % sentAtNs.length)] != sentNs) {
            throw new RecordFault("echo of heartbeat " + sequence + " sent at " + sentNs
                    + ", which was never sent, the last is " + heartbeats);
        }
        board.lease(Math.max(board.leaseUntilNs(), sentNs + policy.leaseNs()), nowNs - sentNs);
    }

    @Override
    public void onAck(AckLevel level, long forGeneration, long position, long epoch, long chain, long durableEpoch) {
        if (forGeneration != generation || !accepted) {
            return;
        }
        if (level.compareTo(policy.ackLevel()) < 0) {
            throw new RecordFault("acknowledgement at level " + level + ", this guest needs " + policy.ackLevel());
        }
        sender.acknowledged(position, epoch, chain);
        if (durableEpoch < 0 || durableEpoch > epoch) {
            throw new RecordFault(
                    "epoch " + durableEpoch + " is said to be durable, but only epoch " + epoch + " is acknowledged");
        }
        board.partnerDurable(durableEpoch);
        if (epoch > board.ackedEpoch()) {
            board.acked(epoch);
        }
    }

    @Override
    public void onDivergence(long epoch, long page, long expected, long actual, String what) {
        fault = "divergence in epoch " + epoch + ", page " + page + ": " + what + " is " + Long.toHexString(actual)
                + ", expected " + Long.toHexString(expected);
        link.disconnect(fault);
    }

    @Override
    public void onFarewell(String reason) {
        board.peerFarewell(reason);
        fault = reason;
        link.disconnect(reason);
    }
}
