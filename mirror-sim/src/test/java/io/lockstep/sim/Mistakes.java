package io.lockstep.sim;

import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.memory.PageSet;
import io.lockstep.mirror.record.AckLevel;
import io.lockstep.mirror.record.Blob;
import io.lockstep.mirror.record.BulkReader;
import io.lockstep.mirror.record.ControlWriter;
import io.lockstep.mirror.record.Encoding;
import io.lockstep.mirror.spi.Arbiter;
import io.lockstep.mirror.spi.DirtyTracker;
import io.lockstep.mirror.spi.FramePort;
import io.lockstep.mirror.spi.GuestVm;
import io.lockstep.mirror.spi.Interconnect;
import io.lockstep.mirror.spi.ReplicaDisk;
import io.lockstep.mirror.spi.StandbyVm;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Ports that do what they must not; {@link PlantedMistakesTest} plants them. */
final class Mistakes {
    private Mistakes() {}

    static class Forwarding implements FramePort {
        private final FramePort port;

        Forwarding(FramePort port) {
            this.port = port;
        }

        @Override
        public int poll(Handler handler, int limit) {
            return port.poll(handler, limit);
        }

        @Override
        public boolean offer(DirectBuffer buffer, int offset, int length) {
            return port.offer(buffer, offset, length);
        }
    }

    /** Answers the end of each epoch itself. */
    static final class AckForger implements Interconnect, BulkReader.Visitor {
        private final Interconnect link;
        private final BulkReader reader = new BulkReader();
        private final ControlWriter writer = new ControlWriter();
        private final UnsafeBuffer frame = new UnsafeBuffer(0, 0);
        private MutableDirectBuffer claimed;
        private long generation;
        private long position;
        private int forged;

        AckForger(Interconnect link) {
            this.link = link;
        }

        @Override
        public MutableDirectBuffer claimBulk() {
            claimed = link.claimBulk();
            return claimed;
        }

        @Override
        public void commitBulk(int length) {
            if (length > 0) {
                frame.wrap(claimed, 0, length);
                reader.read(frame, 0, length, this);
            }
            link.commitBulk(length);
        }

        @Override
        public int poll(Listener listener, int limit) {
            int polled = link.poll(listener, limit);
            if (forged > 0) {
                listener.onControl(writer.buffer(), 0, forged);
                forged = 0;
            }
            return polled;
        }

        @Override
        public boolean onFrame(long frameGeneration, long firstPosition, long recordCount) {
            generation = frameGeneration;
            position = firstPosition;
            return true;
        }

        @Override
        public void onEpochEnd(long epoch, long pages, long stateLength, long digest, long chain) {
            forged = writer.ack(AckLevel.JOURNALED, generation, position, epoch, chain, 0);
        }

        @Override
        public void onSyncStart(
                long imageId, long pageCount, long fromEpoch, long chain, long blockCount, long diskToken) {}

        @Override
        public void onPage(long page, Encoding encoding, long digest, DirectBuffer buffer, int offset, int length) {}

        @Override
        public void onChunk(Blob blob, long blobOffset, long total, DirectBuffer buffer, int offset, int length) {}

        @Override
        public boolean isUp() {
            return link.isUp();
        }

        @Override
        public long incarnation() {
            return link.incarnation();
        }

        @Override
        public String downReason() {
            return link.downReason();
        }

        @Override
        public int maxBulkLength() {
            return link.maxBulkLength();
        }

        @Override
        public boolean sendControl(DirectBuffer buffer, int offset, int length) {
            return link.sendControl(buffer, offset, length);
        }

        @Override
        public void disconnect(String reason) {
            link.disconnect(reason);
        }
    }

    /** Lets the mirror write into a copy of the image, and carries every page over but number 3. */
    static final class Forgetful implements StandbyVm {
        private final SimStandby standby;
        private final PageRegion copy;

        Forgetful(SimStandby standby) {
            this.standby = standby;
            this.copy = PageRegion.onHeap((int) standby.image().pageCount());
        }

        @Override
        public ReplicaDisk disk() {
            return standby.disk();
        }

        @Override
        public Phase poll() {
            for (long page = 0; page < copy.pageCount(); page++) {
                if (page != 3) {
                    standby.image().copyFrom(copy, page, page);
                }
            }
            return standby.poll();
        }

        @Override
        public PageRegion memory() {
            return copy;
        }

        @Override
        public PageRegion staging() {
            return standby.staging();
        }

        @Override
        public void activate(byte[] baseline, DirectBuffer state, int length) {
            standby.activate(baseline, state, length);
        }

        @Override
        public GuestVm asGuest() {
            return standby.asGuest();
        }

        @Override
        public String problem() {
            return standby.problem();
        }

        @Override
        public void discard(String reason) {
            standby.discard(reason);
        }
    }

    /** Forgets one page of every fifth harvest. */
    static final class Absent implements DirtyTracker {
        private final DirtyTracker tracker;
        private int harvests;

        Absent(DirtyTracker tracker) {
            this.tracker = tracker;
        }

        @Override
        public void harvest(PageSet into) {
            PageSet found = new PageSet(into.pageCount());
            tracker.harvest(found);
            if (++harvests % 5 == 0) {
                found.remove(Math.max(0, found.next(1)));
            }
            for (long page = found.next(0); page >= 0; page = found.next(page + 1)) {
                into.add(page);
            }
        }

        @Override
        public String name() {
            return "forgetful";
        }

        @Override
        public void close() {
            tracker.close();
        }
    }

    /** Everybody wins. */
    static final class Generous implements Arbiter {
        private final Arbiter arbiter;

        Generous(Arbiter arbiter) {
            this.arbiter = arbiter;
        }

        @Override
        public void claim(long expectedTerm, String why) {
            arbiter.claim(expectedTerm, why);
        }

        @Override
        public Outcome outcome() {
            Outcome outcome = arbiter.outcome();
            return outcome == Outcome.LOST ? Outcome.WON : outcome;
        }

        @Override
        public long highestTerm() {
            return arbiter.highestTerm();
        }

        @Override
        public String detail() {
            return arbiter.detail();
        }
    }
}
