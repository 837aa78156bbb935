package io.lockstep.sim;

import io.lockstep.mirror.spi.Interconnect;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The private connection between the two hosts: per direction a bulk and a control queue with latency, bandwidth and little room. It can
 * be cut (each side notices in its own time), stall (frames are late, not lost) and flip bits; a checksum per frame ends the connection
 * when it finds one, as the real transport does. Some flips get past the checksum, to see what the core makes of them.
 */
final class SimLink {
    private static final int MAX_CONTROL = 64;

    /** One connection between two sides. */
    private static final class Connection {
        final ArrayDeque<Frame>[] control = queues();
        final ArrayDeque<Frame>[] bulk = queues();
        final int[] bulkBytes = new int[2];
        final long[] freeNs = new long[2];
        /** When each side notices that it is broken; {@link Long#MAX_VALUE} while it is not. */
        final long[] noticeNs = {Long.MAX_VALUE, Long.MAX_VALUE};

        final boolean[] drains = new boolean[2];
        String why = "";

        boolean isBroken() {
            return noticeNs[0] != Long.MAX_VALUE;
        }
    }

    /** Bytes on their way. */
    private static final class Frame {
        final byte[] bytes;
        final long crc;
        final long arrivesNs;

        Frame(byte[] bytes, long crc, long arrivesNs) {
            this.bytes = bytes;
            this.crc = crc;
            this.arrivesNs = arrivesNs;
        }
    }

    private final World world;
    private final Checker checker;
    private final int maxBulk;
    private final int room;
    private final End[] ends = new End[2];
    private Connection current;
    private boolean cut;
    private long stalledUntilNs;
    private long cloggedUntilNs;
    private long connectNs;
    private long latencyNs;
    private long bytesPerMs = 1 << 20;
    private int flips;
    private int hiddenFlips;

    SimLink(World world, Checker checker) {
        this.world = world;
        this.checker = checker;
        maxBulk = 8192 << world.dice.nextInt(4);
        room = maxBulk * (1 + world.dice.nextInt(4));
        latencyNs = world.between(10_000, World.MS);
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type
    private static ArrayDeque<Frame>[] queues() {
        return new ArrayDeque[] {new ArrayDeque<Frame>(), new ArrayDeque<Frame>()};
    }

    /** The end for a process that starts; the one before is gone. */
    Interconnect attach(int side) {
        detach(side);
        ends[side] = new End(side);
        return ends[side];
    }

    /** The process of this side is gone. */
    void detach(int side) {
        if (ends[side] != null && ends[side].mine != null) {
            breakUp(ends[side].mine, "the peer's host is gone", 0, 30 * World.MS, world.chance(500));
        }
        ends[side] = null;
    }

    void cut(boolean silent) {
        cut = true;
        if (current != null) {
            breakUp(current, "cut", 0, silent ? 100 * World.MS : World.MS, false);
        }
    }

    void heal() {
        cut = false;
        stalledUntilNs = 0;
        cloggedUntilNs = 0;
        bytesPerMs = 1 << 20;
        flips = 0;
        hiddenFlips = 0;
    }

    void reconnect() {
        cut = false;
    }

    void stall(long untilNs) {
        stalledUntilNs = untilNs;
    }

    void clogControl(long untilNs) {
        cloggedUntilNs = untilNs;
    }

    void slow(long perMs) {
        bytesPerMs = perMs;
    }

    void flip(boolean hidden) {
        if (hidden) {
            hiddenFlips++;
        } else {
            flips++;
        }
    }

    private void breakUp(Connection connection, String why, long least, long most, boolean drains) {
        if (connection.isBroken()) {
            return;
        }
        connection.why = why;
        for (int side = 0; side < 2; side++) {
            connection.noticeNs[side] = world.nowNs + world.between(least, most);
            connection.drains[side] = drains;
        }
        world.event("link: broken, " + why);
        if (connection == current) {
            current = null;
            connectNs = world.nowNs + world.between(World.MS / 2, 8 * World.MS);
        }
    }

    /** Lets a connection come up when both sides are there. */
    void step() {
        boolean free = current == null && !cut && world.nowNs >= connectNs;
        if (free && ends[0] != null && ends[1] != null && ends[0].mine == null && ends[1].mine == null) {
            current = new Connection();
            world.event("link: up");
        }
    }

    /** One side's view. */
    private final class End implements Interconnect {
        private final int side;
        private final UnsafeBuffer claimed = new UnsafeBuffer(new byte[maxBulk]);
        private final UnsafeBuffer view = new UnsafeBuffer(0, 0);
        private final CRC32C crc = new CRC32C();
        private Connection mine;
        private long incarnation;
        private String downReason = "";

        End(int side) {
            this.side = side;
        }

        @Override
        public boolean isUp() {
            return mine != null;
        }

        @Override
        public long incarnation() {
            return incarnation;
        }

        @Override
        public String downReason() {
            return mine != null ? "" : downReason;
        }

        @Override
        public int maxBulkLength() {
            return maxBulk;
        }

        @Override
        public MutableDirectBuffer claimBulk() {
            return mine == null || mine.bulkBytes[1 - side] + maxBulk > room ? null : claimed;
        }

        @Override
        public void commitBulk(int length) {
            if (length == 0 || mine == null) {
                return;
            }
            checker.bulkSent(side, claimed, length);
            mine.bulkBytes[1 - side] += length;
            checker.bounded("I7", "bytes in flight on the link", mine.bulkBytes[1 - side], room);
            mine.bulk[1 - side].add(frame(claimed, 0, length));
        }

        @Override
        public boolean sendControl(DirectBuffer buffer, int offset, int length) {
            if (mine == null || mine.control[1 - side].size() >= MAX_CONTROL || world.nowNs < cloggedUntilNs) {
                return false;
            }
            checker.controlSent(side, buffer, offset, length);
            mine.control[1 - side].add(frame(buffer, offset, length));
            return true;
        }

        private Frame frame(DirectBuffer buffer, int offset, int length) {
            byte[] bytes = new byte[length];
            buffer.getBytes(offset, bytes);
            long sum = sum(bytes);
            if (flips > 0 || hiddenFlips > 0) {
                boolean hidden = hiddenFlips > 0;
                int at = world.dice.nextInt(Math.min(length, world.chance(700) ? 80 : length));
                bytes[at] ^= (byte) (1 << world.dice.nextInt(8));
                flips -= hidden ? 0 : 1;
                hiddenFlips -= hidden ? 1 : 0;
                sum = hidden ? sum(bytes) : sum;
                world.event("link: byte " + at + " of " + length + " from node " + side + " is damaged"
                        + (hidden ? ", and no checksum sees it" : ""));
            }
            long start = Math.max(world.nowNs, mine.freeNs[side]);
            long done = start + length * World.MS / bytesPerMs;
            if (length > 1024) {
                mine.freeNs[side] = done;
            }
            return new Frame(bytes, sum, Math.max(done, world.nowNs) + latencyNs);
        }

        private long sum(byte[] bytes) {
            crc.reset();
            crc.update(bytes);
            return crc.getValue();
        }

        @Override
        public int poll(Listener listener, int limit) {
            if (mine == null && current != null) {
                mine = current;
                incarnation++;
            }
            int delivered = 0;
            while (mine != null && delivered < limit && deliver(listener)) {
                delivered++;
            }
            if (mine != null && world.nowNs >= mine.noticeNs[side] && !(mine.drains[side] && hasFrames())) {
                down(mine.why);
            }
            return delivered;
        }

        private boolean hasFrames() {
            return !mine.control[side].isEmpty() || !mine.bulk[side].isEmpty();
        }

        private boolean deliver(Listener listener) {
            if ((mine.isBroken() && !mine.drains[side]) || world.nowNs < stalledUntilNs) {
                return false;
            }
            Frame frame = ready(mine.control[side]);
            boolean control = frame != null;
            if (!control) {
                frame = ready(mine.bulk[side]);
                if (frame == null) {
                    return false;
                }
                mine.bulkBytes[side] -= frame.bytes.length;
            }
            if (sum(frame.bytes) != frame.crc) {
                disconnect("checksum of a frame of " + frame.bytes.length + " bytes is wrong");
                return false;
            }
            view.wrap(frame.bytes);
            try {
                if (control) {
                    listener.onControl(view, 0, frame.bytes.length);
                } else {
                    listener.onBulk(view, 0, frame.bytes.length);
                }
            } catch (RuntimeException e) {
                checker.faulted(side, e);
                disconnect(String.valueOf(e.getMessage()));
            }
            return true;
        }

        private Frame ready(ArrayDeque<Frame> queue) {
            Frame first = queue.peek();
            return first != null && first.arrivesNs <= world.nowNs ? queue.poll() : null;
        }

        @Override
        public void disconnect(String reason) {
            if (mine != null) {
                breakUp(mine, "node " + side + ": " + reason, 0, 3 * World.MS, world.chance(600));
                down(reason);
            }
        }

        private void down(String reason) {
            mine = null;
            downReason = reason;
        }
    }

    @Override
    public String toString() {
        return "link " + Arrays.toString(ends);
    }
}
