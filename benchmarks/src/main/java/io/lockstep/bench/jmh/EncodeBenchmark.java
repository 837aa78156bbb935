package io.lockstep.bench.jmh;

import io.lockstep.mirror.encode.PageCompressor;
import io.lockstep.mirror.record.BulkWriter;
import io.lockstep.mirror.verify.EpochDigest;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What the link thread does with a page: encode it against the last version, digest it, add the record to the bulk frame. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class EncodeBenchmark {
    private static final int FRAME = 128 << 10;

    @Param
    PageKind kind;

    @Param({"false", "true"})
    boolean lz4;

    private final UnsafeBuffer frame = new UnsafeBuffer(ByteBuffer.allocateDirect(FRAME));
    private final BulkWriter writer = new BulkWriter();
    private final EpochDigest digest = new EpochDigest();
    private final ByteBuffer shadow = PageSource.memory();
    private PageCompressor compressor;
    private PageSource source;
    private int page;
    private int version;

    /** Bytes of content per page, beside the time. */
    @AuxCounters(AuxCounters.Type.EVENTS)
    @State(Scope.Thread)
    public static class Output {
        /** Bytes of encoded content. */
        public long contentBytes;
        /** Pages. */
        public long pages;
    }

    /** Sends version 1 of every page once, so that the run starts with version 0. */
    @Setup(Level.Trial)
    public void prepare() {
        source = new PageSource(kind, 42);
        compressor = new PageCompressor(PageSource.region(shadow));
        writer.begin(frame, FRAME, 1, 0);
        for (int i = 0; i < PageSource.PAGES; i++) {
            compressor.encode(i, source.page(1, i), frame, 0, lz4);
        }
    }

    /** One page. */
    @Benchmark
    public long page(Output output) {
        if (!writer.hasRoom()) {
            writer.begin(frame, FRAME, 1, 0);
        }
        DirectBuffer content = source.page(version, page);
        int length = compressor.encode(page, content, frame, writer.pageContentOffset(), lz4);
        long pageDigest = EpochDigest.ofPage(page, content, 0);
        digest.page(page, pageDigest);
        writer.page(page, compressor.encoding(), pageDigest, length);
        output.contentBytes += length;
        output.pages++;
        if (++page == PageSource.PAGES) {
            page = 0;
            version ^= 1;
        }
        return digest.digest();
    }
}
