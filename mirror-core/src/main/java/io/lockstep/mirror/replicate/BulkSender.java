package io.lockstep.mirror.replicate;

import io.lockstep.mirror.MirrorPolicy.Compression;
import io.lockstep.mirror.counters.Counter;
import io.lockstep.mirror.counters.Counters;
import io.lockstep.mirror.encode.PageCompressor;
import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.record.BulkWriter;
import io.lockstep.mirror.record.Encoding;
import io.lockstep.mirror.record.RecordFault;
import io.lockstep.mirror.ring.SendWindow;
import io.lockstep.mirror.ring.Slot;
import io.lockstep.mirror.spi.Interconnect;
import io.lockstep.mirror.verify.EpochDigest;
import org.agrona.MutableDirectBuffer;

/**
 * Fills bulk frames from the send window. Records of an ended session are thrown away until the next SYNC_START comes by, so that the
 * window alone keeps the order between the two threads.
 */
final class BulkSender implements SendWindow.Handler {
    private static final int RECORDS_PER_FRAME = 4096;
    private static final int CHAINS = 32;
    private static final long SLOW_LINK_BYTES_PER_SECOND = 1_000_000_000L;
    private static final long RATE_WINDOW_NS = 200_000_000L;

    private final Interconnect link;
    private final SendWindow window;
    private final PageCompressor compressor;
    private final Compression compression;
    private final Counters counters;
    private final SendWindow.Handler dropping = this::drop;
    private final BulkWriter writer = new BulkWriter();
    private final EpochDigest digest = new EpochDigest();
    private final long[] chains = new long[CHAINS];
    private final long[] chainEpochs = new long[CHAINS];
    private long generation;
    private long accepted;
    private long framed = -1;
    private boolean serving;
    private boolean slowLink;
    private long rateStartNs;
    private long rateBytes;
    private boolean rateLimited;

    BulkSender(Interconnect link, SendWindow window, PageRegion shadow, Compression compression, Counters counters) {
        this.link = link;
        this.window = window;
        this.compressor = new PageCompressor(shadow);
        this.compression = compression;
        this.counters = counters;
        this.slowLink = compression == Compression.ON;
    }

    /** Sends what fits; {@code wanted} is the generation the secondary accepted, 0 if none. */
    int doWork(long nowNs, long wanted) {
        accepted = wanted;
        if (wanted == 0) {
            int dropped = window.poll(dropping, Integer.MAX_VALUE);
            window.acknowledge(framed);
            return dropped;
        }
        int work = 0;
        while (window.published() > framed) {
            MutableDirectBuffer frame = link.claimBulk();
            if (frame == null) {
                rateLimited = true;
                break;
            }
            int taken = fill(frame);
            if (taken == 0) {
                break;
            }
            work += taken;
        }
        measureRate(nowNs);
        return work;
    }

    private int fill(MutableDirectBuffer frame) {
        writer.begin(frame, link.maxBulkLength(), generation, framed + 1);
        int taken = window.poll(this, RECORDS_PER_FRAME);
        if (!serving) {
            window.acknowledge(framed);
        }
        int length = writer.records() == 0 ? 0 : writer.end();
        link.commitBulk(length);
        rateBytes += length;
        counters.add(Counter.WIRE_BYTES, length);
        return taken;
    }

    private boolean drop(Slot slot, long position) {
        framed = position;
        return true;
    }

    @Override
    public boolean onRecord(Slot slot, long position) {
        if (slot.kind() == Slot.Kind.SYNC_START && slot.generation() == accepted) {
            startSession(slot, position);
        }
        framed = position;
        if (!serving) {
            return true;
        }
        write(slot);
        return writer.hasRoom();
    }

    private void startSession(Slot slot, long position) {
        serving = true;
        generation = slot.generation();
        digest.restart(slot.chain());
        writer.begin(writer.buffer(), link.maxBulkLength(), generation, position);
    }

    private void write(Slot slot) {
        switch (slot.kind()) {
            case SYNC_START ->
                writer.syncStart(slot.number(), slot.count(), slot.epoch(), slot.chain(), slot.blocks(), slot.token());
            case SYNC_PAGE, PAGE -> page(slot);
            case CHUNK -> {
                digest.chunk(slot.blob(), slot.number(), EpochDigest.ofBytes(slot.data(), 0, slot.length()));
                writer.chunk(slot.blob(), (int) slot.number(), slot.total(), slot.data(), 0, slot.length());
            }
            case EPOCH_END -> {
                long epochDigest = digest.digest();
                long chain = digest.endEpoch(slot.epoch());
                chains[(int) (slot.epoch() % CHAINS)] = chain;
                chainEpochs[(int) (slot.epoch() % CHAINS)] = slot.epoch();
                writer.epochEnd(slot.epoch(), slot.count(), slot.total(), epochDigest, chain);
            }
        }
    }

    private void page(Slot slot) {
        int at = writer.pageContentOffset();
        int length = slot.kind() == Slot.Kind.PAGE
                ? compressor.encode(slot.number(), slot.data(), writer.buffer(), at, slowLink)
                : compressor.encodeWhole(slot.number(), slot.data(), writer.buffer(), at, slowLink);
        Encoding encoding = compressor.encoding();
        long pageDigest = EpochDigest.ofPage(slot.number(), slot.data(), 0);
        digest.page(slot.number(), pageDigest);
        writer.page(slot.number(), encoding, pageDigest, length);
        counters.add(Counter.RAW_BYTES, PageRegion.PAGE_SIZE);
    }

    /** The peer has these records; frees their slots. */
    void acknowledged(long position, long epoch, long chain) {
        if (position > framed) {
            throw new RecordFault("acknowledgement of position " + position + ", but only " + framed + " was sent");
        }
        int index = (int) (epoch & (CHAINS - 1));
        if (epoch != 0 && (chainEpochs[index] != epoch || chains[index] != chain)) {
            throw new RecordFault("acknowledgement of epoch " + epoch + " with chain " + Long.toHexString(chain)
                    + ", but this side has epoch " + chainEpochs[index] + " with " + Long.toHexString(chains[index]));
        }
        window.acknowledge(position);
    }

    void endSession() {
        serving = false;
        java.util.Arrays.fill(chainEpochs, 0);
        window.acknowledge(framed);
    }

    /** Slow means: the link pushed back, and took less than a gigabyte a second while it did. */
    private void measureRate(long nowNs) {
        if (compression != Compression.AUTO || nowNs - rateStartNs < RATE_WINDOW_NS) {
            return;
        }
        long perSecond = rateBytes * 1_000_000_000L / Math.max(1, nowNs - rateStartNs);
        slowLink = rateLimited && perSecond < SLOW_LINK_BYTES_PER_SECOND;
        rateLimited = false;
        rateBytes = 0;
        rateStartNs = nowNs;
    }
}
