package io.lockstep.bench.jmh;

import io.lockstep.mirror.verify.EpochDigest;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** The digest of a page's content and number, added to the epoch. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class DigestBenchmark {
    private final PageSource source = new PageSource(PageKind.RANDOM, 42);
    private final EpochDigest digest = new EpochDigest();
    private int page;

    /** One page. */
    @Benchmark
    public long page() {
        page = (page + 1) % PageSource.PAGES;
        digest.page(page, EpochDigest.ofPage(page, source.page(0, page), 0));
        return digest.digest();
    }
}
