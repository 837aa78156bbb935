package io.lockstep.transport.local;

import io.lockstep.mirror.record.FrameDecoder;
import io.lockstep.mirror.record.FrameDescriptor;
import io.lockstep.mirror.record.FrameEncoder;
import io.lockstep.mirror.spi.Interconnect;
import java.nio.ByteBuffer;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * One end of an {@link InProcessLink}. Frames are encoded and checked as on a real wire. No allocation per frame.
 *
 * <p>Threading: one thread. No method blocks.
 */
public final class InProcessInterconnect implements Interconnect {
    private final InProcessLink link;
    private final boolean isFirst;
    private final FrameQueue bulkOut;
    private final FrameQueue controlOut;
    private final FrameQueue bulkIn;
    private final FrameQueue controlIn;
    private final FrameEncoder bulkEncoder = new FrameEncoder();
    private final FrameEncoder controlEncoder = new FrameEncoder();
    private final FrameDecoder bulkDecoder;
    private final FrameDecoder controlDecoder;
    private InProcessLink.Session session;
    private long lastId;
    private long incarnation;
    private boolean claimed;
    private boolean staleClaim;
    private String downReason = "";

    InProcessInterconnect(
            InProcessLink link,
            boolean isFirst,
            FrameQueue bulkOut,
            FrameQueue controlOut,
            FrameQueue bulkIn,
            FrameQueue controlIn) {
        this.link = link;
        this.isFirst = isFirst;
        this.bulkOut = bulkOut;
        this.controlOut = controlOut;
        this.bulkIn = bulkIn;
        this.controlIn = controlIn;
        bulkDecoder = new FrameDecoder(bulkIn.maxPayload());
        controlDecoder = new FrameDecoder(controlIn.maxPayload());
    }

    @Override
    public boolean isUp() {
        return session != null && session.fault() == null;
    }

    @Override
    public long incarnation() {
        return incarnation;
    }

    @Override
    public String downReason() {
        String fault = session == null ? null : session.fault();
        return fault == null ? downReason : fault;
    }

    @Override
    public int maxBulkLength() {
        return bulkOut.maxPayload();
    }

    /** {@inheritDoc} One claim at a time: {@link IllegalStateException} otherwise. A claim that outlives its session is void. */
    @Override
    public MutableDirectBuffer claimBulk() {
        if (claimed) {
            throw new IllegalStateException("a bulk frame is claimed already: commit it first");
        }
        if (!isUp() || bulkOut.full()) {
            return null;
        }
        claimed = true;
        staleClaim = false;
        return bulkOut.producerPayload();
    }

    @Override
    public void commitBulk(int length) {
        if (staleClaim) {
            staleClaim = false;
            return;
        }
        if (!claimed) {
            throw new IllegalStateException("no bulk frame is claimed");
        }
        if (length < 0 || length > bulkOut.maxPayload()) {
            throw new IllegalArgumentException("bulk frame of " + length + " bytes, limit " + bulkOut.maxPayload());
        }
        claimed = false;
        if (length > 0) {
            publish(bulkOut, bulkEncoder, length);
        }
    }

    @Override
    public boolean sendControl(DirectBuffer buffer, int offset, int length) {
        if (length < 0 || length > controlOut.maxPayload()) {
            throw new IllegalArgumentException(
                    "control frame of " + length + " bytes, limit " + controlOut.maxPayload());
        }
        if (!isUp() || controlOut.full()) {
            return false;
        }
        controlOut.producerPayload().putBytes(0, buffer, offset, length);
        publish(controlOut, controlEncoder, length);
        return true;
    }

    private static void publish(FrameQueue queue, FrameEncoder encoder, int length) {
        ByteBuffer slot = queue.producerSlot();
        slot.clear();
        encoder.seal(slot, 0, queue.kind, length);
        slot.limit(FrameDescriptor.frameLength(length)).position(0);
        queue.publish();
    }

    @Override
    public int poll(Listener listener, int limit) {
        if (session == null) {
            join();
        }
        if (session == null) {
            return 0;
        }
        boolean ended = session.fault() != null;
        // A peer that ends the session may have said why before.
        int delivered = deliver(controlIn, controlDecoder, listener, limit);
        if (!ended) {
            delivered += deliver(bulkIn, bulkDecoder, listener, limit - delivered);
        }
        if (session != null && session.fault() != null) {
            leave();
        }
        return delivered;
    }

    private void join() {
        InProcessLink.Session next = link.next(isFirst, lastId);
        if (next == null) {
            return;
        }
        session = next;
        lastId = next.id;
        incarnation++;
        downReason = "";
        bulkEncoder.start(next.id);
        controlEncoder.start(next.id);
        bulkDecoder.start(bulkIn.kind, next.id);
        controlDecoder.start(controlIn.kind, next.id);
    }

    private int deliver(FrameQueue queue, FrameDecoder decoder, Listener listener, int limit) {
        int delivered = 0;
        while (session != null && delivered < limit && !queue.empty()) {
            if (decoder.next(queue.consumerSlot()) != FrameDecoder.Step.FRAME) {
                session.fail(queue.kind + " queue: " + decoder.faultText());
                return delivered;
            }
            delivered++;
            try {
                hand(queue, decoder, listener);
            } catch (RuntimeException e) {
                if (session != null) {
                    session.fail("the listener failed: " + e);
                }
                return delivered;
            }
            if (session != null) {
                queue.release();
            }
        }
        return delivered;
    }

    private static void hand(FrameQueue queue, FrameDecoder decoder, Listener listener) {
        DirectBuffer view = queue.consumerView();
        switch (queue.kind) {
            case BULK -> listener.onBulk(view, decoder.payloadOffset(), decoder.payloadLength());
            case CONTROL -> listener.onControl(view, decoder.payloadOffset(), decoder.payloadLength());
            case HELLO -> throw new IllegalStateException("no queue carries HELLO");
        }
    }

    @Override
    public void disconnect(String reason) {
        if (session != null) {
            session.fail(reason.isEmpty() ? "no reason given" : reason);
            leave();
        }
    }

    private void leave() {
        downReason = session.fault();
        staleClaim |= claimed;
        claimed = false;
        if (isFirst) {
            session.firstLeft = true;
        } else {
            session.secondLeft = true;
        }
        session = null;
    }
}
