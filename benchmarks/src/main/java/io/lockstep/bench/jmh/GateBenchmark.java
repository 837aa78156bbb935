package io.lockstep.bench.jmh;

import io.lockstep.mirror.release.OutputGate;
import io.lockstep.mirror.spi.FramePort;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** One guest frame through the output gate. One invocation is an epoch of 16 frames: hold each, mark, permit, release all. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class GateBenchmark {
    private static final int FRAMES = 16;

    @Param({"64", "1514"})
    int frameBytes;

    private final OutputGate gate = new OutputGate(4 << 20);
    private final UnsafeBuffer frame = new UnsafeBuffer(ByteBuffer.allocateDirect(FramePort.MAX_FRAME));
    private final Uplink uplink = new Uplink();
    private long epoch;

    /** Takes every frame. */
    private static final class Uplink implements FramePort {
        private long bytes;

        @Override
        public int poll(Handler handler, int limit) {
            return 0;
        }

        @Override
        public boolean offer(DirectBuffer buffer, int offset, int length) {
            bytes += length + buffer.getByte(offset);
            return true;
        }
    }

    /** One epoch; the result is per frame. */
    @Benchmark
    @OperationsPerInvocation(FRAMES)
    public long holdAndRelease() {
        for (int i = 0; i < FRAMES; i++) {
            gate.hold(frame, 0, frameBytes);
        }
        gate.mark(++epoch);
        gate.permit(epoch);
        gate.release(uplink);
        return uplink.bytes;
    }
}
