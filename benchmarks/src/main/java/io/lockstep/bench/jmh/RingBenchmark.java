package io.lockstep.bench.jmh;

import io.lockstep.mirror.ring.SendWindow;
import io.lockstep.mirror.ring.Slot;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Group;
import org.openjdk.jmh.annotations.GroupThreads;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Control;

/**
 * The send window from claim to acknowledgement. {@code oneThread...}: the price of the four calls. {@code pair}: a producer and a
 * consumer on two threads, time per record and thread; a thread that can do nothing spins.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RingBenchmark {
    private static final int SLOTS = 4096;
    private static final int BATCH = 64;

    /** One window with its handler. */
    @State(Scope.Group)
    public static class Window {
        private final SendWindow window = new SendWindow(SLOTS);
        private final SendWindow.Handler take = this::take;
        private final UnsafeBuffer content = new UnsafeBuffer(ByteBuffer.allocateDirect(Slot.CAPACITY));
        private long position = -1;
        private long sum;

        private boolean take(Slot slot, long at) {
            position = at;
            sum += slot.number();
            return true;
        }
    }

    /** Publishes one record without content, takes it, acknowledges it. */
    @Benchmark
    @Group("oneThread")
    @GroupThreads(1)
    public long oneThread(Window state) {
        Slot slot = state.window.claim();
        slot.page(Slot.Kind.PAGE, state.position);
        state.window.publish();
        state.window.poll(state.take, 1);
        state.window.acknowledge(state.position);
        return state.sum;
    }

    /** The same with a page copied into the slot, as capture does. */
    @Benchmark
    @Group("oneThreadWithPage")
    @GroupThreads(1)
    public long oneThreadWithPage(Window state) {
        Slot slot = state.window.claim();
        slot.data().putBytes(0, state.content, 0, Slot.CAPACITY);
        slot.page(Slot.Kind.PAGE, state.position);
        state.window.publish();
        state.window.poll(state.take, 1);
        state.window.acknowledge(state.position);
        return state.sum;
    }

    /** Producer of a pair. */
    @Benchmark
    @Group("pair")
    @GroupThreads(1)
    public long publish(Window state, Control control) {
        Slot slot = state.window.claim();
        while (slot == null && !control.stopMeasurement) {
            Thread.onSpinWait();
            slot = state.window.claim();
        }
        if (slot == null) {
            return 0;
        }
        slot.page(Slot.Kind.PAGE, 1);
        state.window.publish();
        return slot.number();
    }

    /** Consumer of a pair; it acknowledges after each batch. */
    @Benchmark
    @Group("pair")
    @GroupThreads(1)
    public long poll(Window state, Control control) {
        while (state.window.poll(state.take, 1) == 0 && !control.stopMeasurement) {
            Thread.onSpinWait();
        }
        if (state.position % BATCH == 0) {
            state.window.acknowledge(state.position);
        }
        return state.sum;
    }
}
