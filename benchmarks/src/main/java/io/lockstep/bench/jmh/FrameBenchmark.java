package io.lockstep.bench.jmh;

import io.lockstep.mirror.record.FrameDecoder;
import io.lockstep.mirror.record.FrameDescriptor;
import io.lockstep.mirror.record.FrameEncoder;
import io.lockstep.mirror.record.FrameKind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Header and checksum of one frame of 128 KiB: written by the sender, checked by the receiver. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class FrameBenchmark {
    private static final int PAYLOAD = 128 << 10;
    private static final long SESSION = 5;

    private final FrameEncoder encoder = new FrameEncoder();
    private final FrameDecoder decoder = new FrameDecoder(PAYLOAD);
    private final ByteBuffer buffer =
            ByteBuffer.allocateDirect(FrameDescriptor.frameLength(PAYLOAD)).order(ByteOrder.LITTLE_ENDIAN);

    /** Fills the payload and opens the session. */
    @Setup
    public void prepare() {
        SplittableRandom random = new SplittableRandom(42);
        for (int i = FrameDescriptor.HEADER_LENGTH; i < buffer.capacity(); i += Long.BYTES) {
            buffer.putLong(i, random.nextLong());
        }
        encoder.start(SESSION);
        decoder.start(FrameKind.BULK, SESSION);
    }

    /** Both ends. */
    @Benchmark
    public FrameDecoder.Step sealAndDecode() {
        encoder.seal(buffer, 0, FrameKind.BULK, PAYLOAD);
        buffer.position(0);
        FrameDecoder.Step step = decoder.next(buffer);
        if (step != FrameDecoder.Step.FRAME) {
            throw new IllegalStateException(decoder.faultText());
        }
        return step;
    }
}
