package io.lockstep.mirror.lockstep;

import io.lockstep.mirror.spi.Interconnect;
import java.util.ArrayDeque;
import java.util.Random;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Two ends of a link in memory: a window of frames, a fault in one bulk frame, and a cut that lets a random part of what is on its way arrive. */
final class MemoryLink {
    enum Fault {
        NONE,
        LOSE,
        REPEAT,
        SWAP,
        FLIP
    }

    private static final int WINDOW = 64;
    private static final int AT_ONCE = 4;

    private final int maxBulk;
    final End primary;
    final End secondary;
    private long incarnation = 1;
    private Fault fault = Fault.NONE;
    private int faultAfter;
    private boolean forgeAcks;
    private long applied;
    private long appliedCount;

    MemoryLink(int maxBulk) {
        this.maxBulk = maxBulk;
        primary = new End();
        secondary = new End();
    }

    /** The link is lost, and there again. */
    void reopen() {
        for (End end : new End[] {primary, secondary}) {
            end.down("reopened");
            end.downReason = "";
            end.closing = false;
        }
        incarnation++;
    }

    /** Harms one of the next bulk frames. */
    void harm(Fault newFault, int afterFrames) {
        fault = newFault;
        faultAfter = afterFrames;
    }

    /** A planted mistake: what was sent is acknowledged at once, received or not. */
    void forgeAcks() {
        forgeAcks = true;
    }

    /** Loses the primary's host: a random part of its frames still arrives. */
    void cut(Random random) {
        int kept = random.nextInt(secondary.bulk.size() + 1);
        while (secondary.bulk.size() > kept) {
            secondary.bulk.removeLast();
        }
        secondary.closing = true;
        primary.down("cut");
    }

    final class End implements Interconnect {
        private final ArrayDeque<byte[]> bulk = new ArrayDeque<>();
        private final ArrayDeque<byte[]> control = new ArrayDeque<>();
        private final UnsafeBuffer claim = new UnsafeBuffer(new byte[maxBulk]);
        private boolean closing;
        private String downReason = "";
        private byte[] swapped;

        private End peer() {
            return this == primary ? secondary : primary;
        }

        private void down(String reason) {
            if (downReason.isEmpty()) {
                downReason = reason;
                bulk.clear();
                control.clear();
            }
        }

        @Override
        public boolean isUp() {
            return downReason.isEmpty();
        }

        @Override
        public long incarnation() {
            return incarnation;
        }

        @Override
        public String downReason() {
            return downReason;
        }

        @Override
        public int maxBulkLength() {
            return maxBulk;
        }

        @Override
        public MutableDirectBuffer claimBulk() {
            return isUp() && peer().bulk.size() < WINDOW ? claim : null;
        }

        @Override
        public void commitBulk(int length) {
            if (length == 0 || !isUp()) {
                return;
            }
            byte[] frame = new byte[length];
            claim.getBytes(0, frame);
            if (forgeAcks) {
                forge(frame);
            }
            boolean hasRecords = length > LogDescriptor.HEADER_LENGTH;
            Fault now = fault != Fault.NONE && hasRecords && faultAfter-- == 0 ? fault : Fault.NONE;
            switch (now) {
                case LOSE -> {}
                case SWAP -> swapped = frame;
                case FLIP -> {
                    frame[length - 1 - length / 3] ^= 4;
                    peer().bulk.add(frame);
                }
                case REPEAT -> {
                    peer().bulk.add(frame);
                    peer().bulk.add(frame.clone());
                }
                default -> peer().bulk.add(frame);
            }
            if (now != Fault.SWAP && swapped != null) {
                peer().bulk.add(swapped);
                swapped = null;
            }
        }

        private void forge(byte[] frame) {
            UnsafeBuffer sent = new UnsafeBuffer(frame);
            long position = sent.getLong(LogDescriptor.POSITION_OFFSET) + frame.length - LogDescriptor.HEADER_LENGTH;
            UnsafeBuffer ack = new UnsafeBuffer(new byte[ReplyDescriptor.LENGTH]);
            long generation = sent.getLong(LogDescriptor.GENERATION_OFFSET);
            ReplyDescriptor.write(ack, ReplyDescriptor.ACK, generation, position, applied, appliedCount, 0);
            control.add(ack.byteArray());
        }

        @Override
        public boolean sendControl(DirectBuffer buffer, int offset, int length) {
            if (!isUp() || peer().control.size() >= WINDOW) {
                return false;
            }
            byte[] frame = new byte[length];
            buffer.getBytes(offset, frame);
            applied = ReplyDescriptor.value(buffer, offset, 1);
            appliedCount = ReplyDescriptor.value(buffer, offset, 2);
            if (!forgeAcks && !closing) {
                peer().control.add(frame);
            }
            return true;
        }

        @Override
        public int poll(Listener listener, int limit) {
            int done = 0;
            while (done < limit && !control.isEmpty()) {
                byte[] frame = control.remove();
                listener.onControl(new UnsafeBuffer(frame), 0, frame.length);
                done++;
            }
            // Some in each call: the rest is on its way.
            for (int i = 0; i < AT_ONCE && !bulk.isEmpty(); i++) {
                byte[] frame = bulk.remove();
                listener.onBulk(new UnsafeBuffer(frame), 0, frame.length);
                done++;
            }
            if (bulk.isEmpty() && closing) {
                down("the peer is gone");
            }
            return done;
        }

        @Override
        public void disconnect(String reason) {
            down(reason);
            peer().down("the peer says: " + reason);
        }
    }
}
