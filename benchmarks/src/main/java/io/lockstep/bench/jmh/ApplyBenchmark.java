package io.lockstep.bench.jmh;

import io.lockstep.mirror.apply.ReplicaApplier;
import io.lockstep.mirror.counters.Counters;
import io.lockstep.mirror.encode.PageCompressor;
import io.lockstep.mirror.record.BulkWriter;
import io.lockstep.mirror.record.codec.BulkHeaderEncoder;
import io.lockstep.mirror.record.codec.MessageHeaderEncoder;
import io.lockstep.mirror.spi.NoDisk;
import io.lockstep.mirror.verify.EpochDigest;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * What the secondary does with a page: read the record, expand it against the replica, digest and compare, stage, and commit with its
 * epoch. One invocation is an epoch of 1024 pages in frames of 128 KiB that were written beforehand; only their positions are new.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ApplyBenchmark {
    private static final int FRAME = 128 << 10;
    private static final long IMAGE = 7;
    private static final long GENERATION = 1;

    @Param
    PageKind kind;

    private final ByteBuffer image = PageSource.memory();
    private final ByteBuffer staging = PageSource.memory();
    private final ByteBuffer shadow = PageSource.memory();
    private final BulkHeaderEncoder position = new BulkHeaderEncoder();
    private final BulkWriter writer = new BulkWriter();
    private final UnsafeBuffer end = new UnsafeBuffer(ByteBuffer.allocateDirect(FRAME));
    private final EpochDigest digest = new EpochDigest();
    private final long[][] digests = new long[2][PageSource.PAGES];
    private final Frame[][] frames = new Frame[2][];
    private ReplicaApplier applier;
    private long committed;
    private long next;
    private long epoch;
    private int version;

    private record Frame(UnsafeBuffer buffer, int length, int records) {}

    /** Writes the frames of both directions and brings the replica to version 0. */
    @Setup(Level.Trial)
    public void prepare() {
        PageSource source = new PageSource(kind, 42);
        PageCompressor compressor = new PageCompressor(PageSource.region(shadow));
        Frame[] whole = frames(source, 0, compressor, true);
        frames(source, 0, compressor, false);
        frames[1] = frames(source, 1, compressor, false);
        frames[0] = frames(source, 0, compressor, false);
        applier = new ReplicaApplier(
                PageSource.region(image),
                PageSource.region(staging),
                NoDisk.NONE,
                new Counters(),
                (committedEpoch, chain) -> committed = committedEpoch);
        applier.startSession(GENERATION);
        writer.begin(end, FRAME, GENERATION, next);
        writer.syncStart(IMAGE, PageSource.PAGES, 0, 0, 0, 1);
        applier.onBulk(end, 0, writer.end());
        next++;
        send(whole, 0);
        version = 1;
    }

    private Frame[] frames(PageSource source, int of, PageCompressor compressor, boolean whole) {
        List<Frame> list = new ArrayList<>();
        int page = 0;
        while (page < PageSource.PAGES) {
            UnsafeBuffer buffer = new UnsafeBuffer(ByteBuffer.allocateDirect(FRAME));
            writer.begin(buffer, FRAME, GENERATION, 0);
            for (; page < PageSource.PAGES && writer.hasRoom(); page++) {
                int at = writer.pageContentOffset();
                int length = whole
                        ? compressor.encodeWhole(page, source.page(of, page), buffer, at, false)
                        : compressor.encode(page, source.page(of, page), buffer, at, false);
                digests[of][page] = EpochDigest.ofPage(page, source.page(of, page), 0);
                writer.page(page, compressor.encoding(), digests[of][page], length);
            }
            list.add(new Frame(buffer, writer.end(), writer.records()));
        }
        return list.toArray(Frame[]::new);
    }

    private void send(Frame[] pages, int of) {
        for (Frame frame : pages) {
            position.wrap(frame.buffer, MessageHeaderEncoder.ENCODED_LENGTH).firstPosition(next);
            applier.onBulk(frame.buffer, 0, frame.length);
            next += frame.records;
        }
        long[] ofPages = digests[of];
        for (int page = 0; page < ofPages.length; page++) {
            digest.page(page, ofPages[page]);
        }
        long epochDigest = digest.digest();
        writer.begin(end, FRAME, GENERATION, next++);
        writer.epochEnd(++epoch, PageSource.PAGES, 0, epochDigest, digest.endEpoch(epoch));
        applier.onBulk(end, 0, writer.end());
        if (committed != epoch) {
            throw new IllegalStateException("epoch " + epoch + " was not committed");
        }
    }

    /** One epoch; the result is per page. */
    @Benchmark
    @OperationsPerInvocation(PageSource.PAGES)
    public long page() {
        send(frames[version], version);
        version ^= 1;
        return committed;
    }
}
