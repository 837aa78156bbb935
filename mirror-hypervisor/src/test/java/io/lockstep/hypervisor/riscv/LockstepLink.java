package io.lockstep.hypervisor.riscv;

import io.lockstep.mirror.spi.Interconnect;
import java.util.ArrayDeque;
import java.util.Random;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Both ends of a link in memory, which can harm one frame of the log and be cut anywhere. */
final class LockstepLink {
    static final int MAX_BULK = 1 << 16;

    enum Harm {
        NONE,
        LOSE,
        REPEAT,
        SWAP,
        FLIP
    }

    private static final int WINDOW = 32;
    private static final int FRAME_HEADER = 40;

    final End primary = new End();
    final End secondary = new End();
    private Harm harm = Harm.NONE;
    private boolean cut;
    private byte[] late;

    /** Does this to the next frame that has records. */
    void harm(Harm next) {
        harm = next;
    }

    /** The primary's host is gone; of what it had sent, a random part arrives. */
    void cut(Random random) {
        for (int lost = random.nextInt(secondary.bulk.size() + 1); lost > 0; lost--) {
            secondary.bulk.removeLast();
        }
        cut = true;
        primary.disconnected("cut");
    }

    private void send(byte[] frame) {
        Harm now = frame.length > FRAME_HEADER ? harm : Harm.NONE;
        if (frame.length > FRAME_HEADER) {
            harm = Harm.NONE;
        }
        if (now == Harm.SWAP) {
            late = frame;
            return;
        }
        if (now == Harm.FLIP) {
            frame[FRAME_HEADER + (frame.length - FRAME_HEADER) / 2] ^= 1;
        }
        if (now != Harm.LOSE) {
            secondary.bulk.add(frame);
        }
        if (now == Harm.REPEAT) {
            secondary.bulk.add(frame);
        }
        if (late != null) {
            secondary.bulk.add(late);
            late = null;
        }
    }

    final class End implements Interconnect {
        private final ArrayDeque<byte[]> bulk = new ArrayDeque<>();
        private final ArrayDeque<byte[]> control = new ArrayDeque<>();
        private final UnsafeBuffer claim = new UnsafeBuffer(new byte[MAX_BULK]);
        private String downReason = "";

        private void disconnected(String reason) {
            if (isUp()) {
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
            return 1;
        }

        @Override
        public String downReason() {
            return downReason;
        }

        @Override
        public int maxBulkLength() {
            return MAX_BULK;
        }

        @Override
        public MutableDirectBuffer claimBulk() {
            return isUp() && secondary.bulk.size() < WINDOW ? claim : null;
        }

        @Override
        public void commitBulk(int length) {
            if (length > 0 && isUp()) {
                byte[] frame = new byte[length];
                claim.getBytes(0, frame);
                send(frame);
            }
        }

        @Override
        public boolean sendControl(DirectBuffer buffer, int offset, int length) {
            if (!isUp() || primary.control.size() >= WINDOW) {
                return false;
            }
            byte[] frame = new byte[length];
            buffer.getBytes(offset, frame);
            if (!cut) {
                primary.control.add(frame);
            }
            return true;
        }

        @Override
        public int poll(Listener listener, int limit) {
            int done = 0;
            for (; done < limit && !control.isEmpty(); done++) {
                byte[] frame = control.remove();
                listener.onControl(new UnsafeBuffer(frame), 0, frame.length);
            }
            for (; done < Math.min(4, limit) && !bulk.isEmpty(); done++) {
                byte[] frame = bulk.remove();
                listener.onBulk(new UnsafeBuffer(frame), 0, frame.length);
            }
            if (cut && bulk.isEmpty()) {
                disconnected("the peer is gone");
            }
            return done;
        }

        @Override
        public void disconnect(String reason) {
            primary.disconnected(reason);
            secondary.disconnected(reason);
        }
    }
}
